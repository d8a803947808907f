# The shell side of rolecall for zsh. At the end of ~/.zshrc: eval "$(rolecall init zsh)"
# Packages have it as a file too, which needs no process: source /usr/share/rolecall/shell/rolecall.zsh

# Evaluates what the program prints, unless that is help. No trace shows it, and no alias gets it.
function _rolecall_eval {
    \builtin emulate -L zsh
    \builtin setopt local_options no_xtrace no_verbose no_aliases no_err_return interactive_comments
    \builtin local __rolecall_code='' __rolecall_status=0
    __rolecall_code=$(ROLECALL_INIT="zsh $$" \command rolecall "$@") || __rolecall_status=$?
    case $__rolecall_code in
    '# rolecall'*) \builtin eval "$__rolecall_code" || __rolecall_status=$? ;;
    ?*) \builtin printf '%s\n' "$__rolecall_code" ;;
    esac
    \builtin return "$__rolecall_status"
}

# Before each prompt: renews keys that end soon. Starts a process only when it is time.
function _rolecall_hook {
    if [[ -n ${ROLECALL_RENEW_AT-} && $ROLECALL_RENEW_AT != *[!0-9]* ]]; then
        if [[ ${EPOCHSECONDS-0} -ge $ROLECALL_RENEW_AT ]]; then
            # First of all: whatever becomes of it, the next prompt does not try again.
            ROLECALL_RENEW_AT=$((EPOCHSECONDS + 120))
            if \builtin whence -p rolecall >/dev/null; then
                _rolecall_eval use --renew || \builtin :
            fi
        fi
    fi
}

\builtin zmodload -F zsh/datetime p:EPOCHSECONDS 2>/dev/null || \builtin :
\builtin autoload -Uz add-zsh-hook
add-zsh-hook precmd _rolecall_hook

# A new shell starts clean of what another shell's `use` exported, unless that said --keep.
if [[ -o interactive && -n ${ROLECALL_SHELL-} && $ROLECALL_SHELL != keep && $ROLECALL_SHELL != "$$" ]]; then
    _rolecall_eval --quiet use --off || \builtin :
fi

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

#compdef rolecall
# Completions of rolecall for zsh. As _rolecall in a folder of $fpath, or in ~/.zshrc: eval "$(rolecall completions zsh)"
_rolecall() {
    local -a answer values shown
    local line tab=$'\t' at
    answer=("${(@f)$(command rolecall __complete zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    case $answer[1] in
    values)
        shift answer
        values=("${(@)answer%%$tab*}")
        local -i wide=0
        for line in $values; do
            ((${#line} > wide)) && wide=${#line}
        done
        ((wide > COLUMNS / 2)) && wide=$((COLUMNS / 2))
        for line in $answer; do
            if [[ $line == *$tab* ]]; then
                shown+=("${(r:wide:)${line%%$tab*}}  -- ${line#*$tab}")
            else
                shown+=("$line")
            fi
        done
        shown=("${(@)shown[@]//(#m)?*/${MATCH[1,COLUMNS-1]}}")
        local expl
        local -a suffix
        # The value of a key follows it.
        [[ $values[1] != *= ]] || suffix=(-S '')
        if [[ $answer[1] == *$tab* ]]; then
            _wanted values expl value compadd "${(@)suffix}" -l -d shown -a values
        else
            _wanted values expl value compadd "${(@)suffix}" -a values
        fi
        ;;
    files)
        compset -P 1 '--*='
        _files
        ;;
    command)
        at=$((answer[2] + 1))
        words=("${(@)words[at+1,-1]}")
        CURRENT=$((CURRENT - at))
        _normal
        ;;
    esac
}
if [[ ${funcstack[@]:0:1} == _rolecall ]]; then
    _rolecall "$@"
elif ((${+functions[compdef]})); then
    compdef _rolecall rolecall
fi

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
