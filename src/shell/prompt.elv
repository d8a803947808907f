# The prompt: at the right, before what stands there, and only while a profile is active.
if (not (_rolecall_holds $edit:rprompt _rolecall_right)) {
  var _rolecall_right = $edit:rprompt
  set edit:rprompt = {
    if (not (eq $E:ROLECALL_PROFILE$E:AWS_PROFILE$E:AWS_DEFAULT_PROFILE '')) {
      try {
        var active = (e:rolecall --quiet prompt --json 2>/dev/null | from-json)
        var color = $active[color]
        if (eq $color $nil) {
          put $active[text]' '
        } else {
          if (has-value [0 1 2 3 4 5 6 7 8 9] $color[0]) {
            set color = color$color
          }
          put (styled $active[text] $color)' '
        }
      } catch {
        nop
      }
    }
    $_rolecall_right
  }
}
