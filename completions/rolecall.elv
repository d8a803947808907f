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
