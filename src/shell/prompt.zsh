# The prompt: before what PROMPT shows, and only while a profile is active.
function _rolecall_prompt {
    \builtin local __rolecall_bang='!'
    if [[ -o prompt_bang ]]; then
        __rolecall_bang='!!'
    fi
    \builtin emulate -L zsh
    \builtin local __rolecall_old="${__rolecall_segment-}"
    \builtin typeset -g __rolecall_segment=''
    if [[ -n ${ROLECALL_PROFILE-}${AWS_PROFILE-}${AWS_DEFAULT_PROFILE-} ]]; then
        __rolecall_segment=$(\command rolecall --quiet prompt --shell zsh 2>/dev/null) || __rolecall_segment=''
        __rolecall_segment=${__rolecall_segment:+$__rolecall_segment }
        __rolecall_segment=${__rolecall_segment//'!'/$__rolecall_bang}
    fi
    PROMPT=$__rolecall_segment${PROMPT#"$__rolecall_old"}
}

add-zsh-hook precmd _rolecall_prompt
