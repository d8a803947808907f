# The prompt: at the right, before what stands there, and only while a profile is active.
$env.PROMPT_COMMAND_RIGHT = do {
    let theirs = ($env.PROMPT_COMMAND_RIGHT? | default "")
    {||
        let active = ($env.ROLECALL_PROFILE? | default ($env.AWS_PROFILE? | default ($env.AWS_DEFAULT_PROFILE? | default "")))
        let ours = (if $active != "" { try { ^rolecall --quiet prompt --shell nushell err> (if $nu.os-info.name == "windows" { "NUL" } else { "/dev/null" }) | str trim --right } catch { "" } } else { "" })
        let right = (if ($theirs | describe) == "closure" { do $theirs } else { $theirs })
        [$ours $right] | where {|part| ($part | is-not-empty) } | str join " "
    }
}
