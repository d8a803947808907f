# Completions of rolecall for fish. As rolecall.fish in ~/.config/fish/completions, or: rolecall completions fish | source
function __rolecall_complete
    set -l words (commandline -xpc 2>/dev/null; or commandline -opc)
    set -l current (commandline -ct)
    set -l answer (command rolecall __complete fish -- $words "$current" 2>/dev/null)
    switch "$answer[1]"
        case values
            printf '%s\n' $answer[2..]
        case files
            set -l option (string match -r -- '^--[^=]+=' "$current")
            __fish_complete_path (string replace -- "$option" '' "$current") | string replace -r '^' -- "$option"
        case command
            set -l rest (string escape -- $words[(math $answer[2] + 2)..])
            complete -C "$(string join -- ' ' $rest "$current")"
    end
end
complete -c rolecall -f -k -a '(__rolecall_complete)'
