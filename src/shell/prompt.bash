# The prompt: before what PS1 shows, and only while a profile is active.
function _rolecall_prompt {
    \builtin local __rolecall_status=$? __rolecall_old="${__rolecall_written-}" __rolecall_slash='\'
    __rolecall_ps1='' __rolecall_written=''
    if [[ -n ${ROLECALL_PROFILE-}${AWS_PROFILE-}${AWS_DEFAULT_PROFILE-} ]]; then
        __rolecall_ps1=$(\command rolecall --quiet prompt --shell bash 2>/dev/null) || __rolecall_ps1=''
        __rolecall_ps1=${__rolecall_ps1:+$__rolecall_ps1 }
    fi
    PS1=${PS1-}
    PS1=${PS1#"$__rolecall_old"}
    if ! \builtin shopt -q promptvars; then
        # No variable is looked up in the prompt then: the text itself goes there, with the marks that a prompt has for what takes no room.
        __rolecall_written=${__rolecall_ps1//$'\001'/"$__rolecall_slash["}
        __rolecall_written=${__rolecall_written//$'\002'/"$__rolecall_slash]"}
        PS1=$__rolecall_written${PS1#'${__rolecall_ps1-}'}
    elif [[ $PS1 != *__rolecall_ps1* ]]; then
        PS1='${__rolecall_ps1-}'$PS1
    fi
    case $- in
    *e*) \builtin return 0 ;;
    esac
    \builtin return "$__rolecall_status"
}

case "${PROMPT_COMMAND[*]-}" in
*_rolecall_prompt*) ;;
*)
    if [[ ${BASH_VERSINFO[0]} -gt 5 || (${BASH_VERSINFO[0]} -eq 5 && ${BASH_VERSINFO[1]} -ge 1) ]]; then
        PROMPT_COMMAND+=(_rolecall_prompt)
    else
        PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}_rolecall_prompt"
    fi
    ;;
esac
