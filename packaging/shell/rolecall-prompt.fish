# The shell side of rolecall for fish. In ~/.config/fish/config.fish: rolecall init fish | source
# Packages have it as a file too, which needs no process: source /usr/share/rolecall/shell/rolecall.fish

# `use` changes this shell; every other verb goes straight through.
function rolecall --description 'AWS credentials for this shell'
    set -l __rolecall_value 0
    for __rolecall_word in $argv
        if test $__rolecall_value = 1
            set __rolecall_value 0
            continue
        end
        switch $__rolecall_word
            case use
                _rolecall_eval $argv
                return
            case --color
                set __rolecall_value 1
            case '-*'
            case '*'
                break
        end
    end
    command rolecall $argv
end

# Evaluates what the program prints, unless that is help. No trace shows it.
function _rolecall_eval
    set -l fish_trace
    set -lx ROLECALL_INIT "fish $fish_pid"
    set -l __rolecall_code (command rolecall $argv)
    set -l __rolecall_status $status
    set -e ROLECALL_INIT
    if test "$__rolecall_code[1]" = '# rolecall'
        printf '%s\n' $__rolecall_code | source
    else if set -q __rolecall_code[1]
        printf '%s\n' $__rolecall_code
    end
    return $__rolecall_status
end

# Before each prompt: renews keys that end soon. fish has no clock of its own, so while keys are held that end, `date` is asked.
function _rolecall_hook --on-event fish_prompt
    string match -qr '^[0-9]+$' -- "$ROLECALL_RENEW_AT"
    or return
    set -l __rolecall_now (command date +%s)
    if test $__rolecall_now -ge $ROLECALL_RENEW_AT
        # First of all: whatever becomes of it, the next prompt does not try again.
        set -gx ROLECALL_RENEW_AT (math $__rolecall_now + 120)
        command -q rolecall
        and _rolecall_eval use --renew
    end
end

# A new shell starts clean of what another shell's `use` exported, unless that said --keep.
if status is-interactive; and set -q ROLECALL_SHELL; and not contains -- "$ROLECALL_SHELL" keep $fish_pid
    _rolecall_eval --quiet use --off
end

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

# The prompt: at the right, before what stands there, and only while a profile is active.
if not functions -q _rolecall_right_prompt
    functions -q fish_right_prompt
    and functions -c fish_right_prompt _rolecall_right_prompt
    or function _rolecall_right_prompt
    end

    function _rolecall_status
        return $argv[1]
    end

    function fish_right_prompt
        set -l __rolecall_status $status
        if test -n "$ROLECALL_PROFILE$AWS_PROFILE$AWS_DEFAULT_PROFILE"; and command -q rolecall
            set -l __rolecall_segment (command rolecall --quiet prompt --shell fish 2>/dev/null)
            and printf '%s ' $__rolecall_segment
        end
        _rolecall_status $__rolecall_status
        _rolecall_right_prompt
    end
end
