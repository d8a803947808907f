# The shell side of rolecall for bash. At the end of ~/.bashrc: eval "$(rolecall init bash)"
# Packages have it as a file too, which needs no process: source /usr/share/rolecall/shell/rolecall.bash

# Evaluates what the program prints, unless that is help. No trace shows it, and no alias gets it.
function _rolecall_eval {
    \builtin local __rolecall_code='' __rolecall_status=0 __rolecall_flags="$-" __rolecall_aliases=''
    # From bash 4.4 on this puts the options back, also after Ctrl-C.
    \builtin local - 2>/dev/null || \builtin :
    \builtin set +vx
    __rolecall_code=$(ROLECALL_INIT="bash $$" \command rolecall "$@") || __rolecall_status=$?
    case $__rolecall_code in
    '# rolecall'*)
        if \builtin shopt -q expand_aliases; then
            __rolecall_aliases=1
            \builtin shopt -u expand_aliases
        fi
        \builtin eval "$__rolecall_code" || __rolecall_status=$?
        if [[ -n $__rolecall_aliases ]]; then
            \builtin shopt -s expand_aliases
        fi
        ;;
    ?*) \builtin printf '%s\n' "$__rolecall_code" ;;
    esac
    case $__rolecall_flags in
    *v*) \builtin set -v ;;
    esac
    case $__rolecall_flags in
    *x*) \builtin set -x ;;
    esac
    \builtin return "$__rolecall_status"
}

# Before each prompt: renews keys that end soon. Starts a process only when it is time.
function _rolecall_hook {
    \builtin local __rolecall_status=$? __rolecall_now=''
    if [[ -n ${ROLECALL_RENEW_AT-} && $ROLECALL_RENEW_AT != *[!0-9]* ]]; then
        if [[ -n ${EPOCHSECONDS-} ]]; then
            __rolecall_now=$EPOCHSECONDS
        else
            \builtin printf -v __rolecall_now '%(%s)T' -1 2>/dev/null || __rolecall_now=$(\command date +%s)
        fi
        if [[ $__rolecall_now -ge $ROLECALL_RENEW_AT ]]; then
            # First of all: whatever becomes of it, the next prompt does not try again.
            ROLECALL_RENEW_AT=$((__rolecall_now + 120))
            # Where bash has seen the program, it may not be any more.
            \builtin hash -d rolecall 2>/dev/null || \builtin :
            if \builtin type -P rolecall >/dev/null; then
                _rolecall_eval use --renew || \builtin :
            fi
        fi
    fi
    # With `set -e` a status that was seen already must not end the shell here.
    case $- in
    *e*) \builtin return 0 ;;
    esac
    \builtin return "$__rolecall_status"
}

case "${PROMPT_COMMAND[*]-}" in
*_rolecall_hook*) ;;
*)
    if [[ ${BASH_VERSINFO[0]} -gt 5 || (${BASH_VERSINFO[0]} -eq 5 && ${BASH_VERSINFO[1]} -ge 1) ]]; then
        if [[ -n ${PROMPT_COMMAND[*]-} ]]; then
            PROMPT_COMMAND+=(_rolecall_hook)
        else
            PROMPT_COMMAND=(_rolecall_hook)
        fi
    else
        PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}_rolecall_hook"
    fi
    ;;
esac

# A new shell starts clean of what another shell's `use` exported, unless that said --keep.
case $- in
*i*)
    if [[ -n ${ROLECALL_SHELL-} && $ROLECALL_SHELL != keep && $ROLECALL_SHELL != "$$" ]]; then
        _rolecall_eval --quiet use --off || \builtin :
    fi
    ;;
esac

\builtin unalias rolecall 2>/dev/null || \builtin :

# `use` changes this shell; every other verb goes straight through.
function rolecall {
    \builtin local __rolecall_word __rolecall_value='' __rolecall_use=''
    for __rolecall_word in "$@"; do
        if [[ -n $__rolecall_value ]]; then
            __rolecall_value=''
            continue
        fi
        case $__rolecall_word in
        use)
            __rolecall_use=1
            break
            ;;
        --color) __rolecall_value=1 ;;
        -*) ;;
        *) break ;;
        esac
    done
    if [[ -n $__rolecall_use ]]; then
        _rolecall_eval "$@"
    else
        \command rolecall "$@"
    fi
}

# Completions of rolecall for bash, 3.2 and later. In ~/.bashrc: eval "$(rolecall completions bash)"
_rolecall_ask() {
    command rolecall __complete bash -- "${COMP_LINE:0:COMP_POINT}" "$1" "${COMP_TYPE:-9}" "${COLUMNS:-80}" "${COMP_WORDS[@]}" 2>/dev/null
}
_rolecall() {
    local line answer=()
    if ((BASH_VERSINFO[0] > 3)); then
        mapfile -t answer < <(_rolecall_ask "$2")
    else
        while IFS= read -r line; do
            answer+=("$line")
        done < <(_rolecall_ask "$2")
    fi
    COMPREPLY=()
    case ${answer[0]:-} in
    values)
        COMPREPLY=("${answer[@]:1}")
        if [[ ${COMPREPLY[0]:-} == *= ]]; then
            # The value of a key follows it.
            compopt -o nospace 2>/dev/null || :
        fi
        ;;
    files)
        compopt -o default 2>/dev/null || :
        ;;
    command)
        if declare -F _comp_command_offset >/dev/null; then
            _comp_command_offset "${answer[1]}"
        elif declare -F _command_offset >/dev/null; then
            _command_offset "${answer[1]}"
        else
            compopt -o bashdefault -o default 2>/dev/null || :
        fi
        ;;
    esac
}
# Before 4.4 there is no `nosort`, and before 4.0 no `compopt`.
complete -o nosort -F _rolecall rolecall 2>/dev/null || complete -o bashdefault -o default -F _rolecall rolecall

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
