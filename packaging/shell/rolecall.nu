# The shell side of rolecall for nushell. Once, and again after an update:
#   mkdir $nu.user-autoload-dirs.0; rolecall init nushell | save -f ($nu.user-autoload-dirs.0 | path join rolecall.nu)
# Packages have it as a file too, for config.nu: source /usr/share/rolecall/shell/rolecall.nu

# Switch this shell to a profile; every other verb is the program itself.
@complete "nu-complete rolecall"
def --env --wrapped "rolecall use" [...rest: string] {
    _rolecall_eval ...$rest
}

# A command's name here is all the words before its arguments, so that those with an option in between are others.
alias "rolecall -q use" = rolecall use -q
alias "rolecall --quiet use" = rolecall use --quiet
alias "rolecall -v use" = rolecall use -v
alias "rolecall --verbose use" = rolecall use --verbose
alias "rolecall --no-input use" = rolecall use --no-input

# Takes in what the program prints, unless that is help. A failure is the program's own.
def --env --wrapped _rolecall_eval [...rest: string] {
    let text = (with-env { ROLECALL_INIT: $"nushell ($nu.pid)" } { ^rolecall use ...$rest })
    if ($text | str starts-with "{") {
        let new = ($text | from json)
        let gone = ($new | columns | where {|name| ($new | get $name) == null })
        hide-env --ignore-errors ...$gone
        load-env ($new | reject ...$gone)
    } else {
        print $text
    }
}

# Before each prompt: renews keys that end soon. Starts a process only when it is time.
def --env _rolecall_hook [] {
    let due = ($env.ROLECALL_RENEW_AT? | default "")
    let now = (date now | format date "%s" | into int)
    if $due =~ '^[0-9]{1,15}$' and $now >= ($due | into int) {
        # First of all: whatever becomes of it, the next prompt does not try again.
        $env.ROLECALL_RENEW_AT = ($now + 120 | into string)
        if (which --all rolecall | where type == "external" | is-not-empty) {
            let status = $env.LAST_EXIT_CODE?
            try { _rolecall_eval --renew }
            if $status != null { $env.LAST_EXIT_CODE = $status }
        }
    }
}

$env.config.hooks.pre_prompt = (($env.config.hooks.pre_prompt? | default []) ++ [{|| _rolecall_hook }])

# A new shell starts clean of what another shell's `use` exported, unless that said --keep.
if $nu.is-interactive and ($env.ROLECALL_SHELL? | default "") not-in ["" "keep" ($nu.pid | into string)] {
    try { _rolecall_eval --quiet --off }
}

# Completions of rolecall for nushell 0.108 and later. In config.nu, after
# `rolecall completions nushell | save -f ~/.config/nushell/rolecall.nu`: source ~/.config/nushell/rolecall.nu
def "nu-complete rolecall" [spans: list<string>] {
    let answer = (try { ^rolecall __complete nushell -- ($spans | str join ' ') | complete } catch { null })
    if $answer == null or $answer.exit_code != 0 { return null }
    $answer.stdout | from json
}
@complete "nu-complete rolecall"
extern "rolecall" []
