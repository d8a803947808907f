# The shell side of rolecall for elvish. In ~/.config/elvish/rc.elv: eval (rolecall init elvish | slurp)
# Packages have it as a file too, which needs no process: eval (slurp < /usr/share/rolecall/shell/rolecall.elv)

use str

# Evaluates what the program prints, unless that is help. A failure is the program's own.
fn _rolecall_eval {|@args|
  tmp E:ROLECALL_INIT = 'elvish '$pid
  var text = (e:rolecall $@args | slurp)
  unset-env ROLECALL_INIT
  if (str:has-prefix $text '# rolecall') {
    eval $text
  } else {
    print $text
  }
}

# `use` changes this shell; every other verb goes straight through.
edit:add-var rolecall~ {|@args|
  var skip = $false
  var verb = ''
  for word $args {
    if $skip {
      set skip = $false
    } elif (eq $word --color) {
      set skip = $true
    } elif (not (str:has-prefix $word -)) {
      set verb = $word
      break
    }
  }
  if (eq $verb use) {
    _rolecall_eval $@args
  } else {
    e:rolecall $@args
  }
}

# Before each prompt: renews keys that end soon. elvish has no clock of its own, so while keys are held that end, `date` is asked.
fn _rolecall_hook {
  if (and (has-env ROLECALL_RENEW_AT) (not (eq $E:ROLECALL_RENEW_AT ''))) {
    try {
      var now = (num (e:date +%s))
      if (>= $now (num $E:ROLECALL_RENEW_AT)) {
        # First of all: whatever becomes of it, the next prompt does not try again.
        set E:ROLECALL_RENEW_AT = (to-string (+ $now 120))
        if (has-external rolecall) {
          _rolecall_eval use --renew
        }
      }
    } catch {
      nop
    }
  }
}

# Whether a function is one of these, from an earlier evaluation: it does not stand there twice.
fn _rolecall_holds {|function word|
  try { str:contains $function[body] $word } catch { put $false }
}

set edit:before-readline = [(each {|hook| if (not (_rolecall_holds $hook ROLECALL_RENEW_AT)) { put $hook } } $edit:before-readline) $_rolecall_hook~]

# A new shell starts clean of what another shell's `use` exported, unless that said --keep.
if (and (has-env ROLECALL_SHELL) (not (has-value ['' keep (to-string $pid)] $E:ROLECALL_SHELL))) {
  try { _rolecall_eval --quiet use --off } catch { nop }
}

# Completions of rolecall for elvish. In rc.elv: eval (rolecall completions elvish | slurp)
use str
set edit:completion:arg-completer[rolecall] = {|@words|
  var answer = [(try { (external rolecall) __complete elvish -- $@words 2>/dev/null | from-lines } catch { })]
  if (== (count $answer) 0) {
    nop
  } elif (eq $answer[0] values) {
    for line $answer[1..] {
      var parts = [(str:split &max=2 "\t" $line)]
      if (== (count $parts) 2) {
        edit:complex-candidate $parts[0] &display=$parts[0]"  ("$parts[1]")"
      } elif (str:has-suffix $parts[0] =) {
        # The value of a key follows it.
        edit:complex-candidate $parts[0]
      } else {
        put $parts[0]
      }
    }
  } elif (eq $answer[0] command) {
    edit:complete-sudo sudo (all $words[(+ 1 $answer[1])..])
  } else {
    edit:complete-filename $@words
  }
}
