# Completions of rolecall for nushell 0.108 and later. In config.nu, after
# `rolecall completions nushell | save -f ~/.config/nushell/rolecall.nu`: source ~/.config/nushell/rolecall.nu
def "nu-complete rolecall" [spans: list<string>] {
    let answer = (try { ^rolecall __complete nushell -- ($spans | str join ' ') | complete } catch { null })
    if $answer == null or $answer.exit_code != 0 { return null }
    $answer.stdout | from json
}
@complete "nu-complete rolecall"
extern "rolecall" []
