// Each script asks `unsprawl __complete WORDS`; the last line of the answer says which paths fit, and behind which prefix.

const BASH = `# unsprawl completion bash > ~/.local/share/bash-completion/completions/unsprawl
_unsprawl() {
  local typed line last current prefix
  # The line itself: bash splits words at colons.
  read -ra typed <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *' ' ]] && typed+=("")
  current=\${typed[-1]}
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :* ]]; then last=$line; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <(command unsprawl __complete "\${typed[@]:1}" 2>/dev/null)
  prefix=\${last#* }
  case $last in
    # A name a line: others may hold blanks, and stars that are no pattern.
    :files*|:folders*)
      compopt -o filenames 2>/dev/null
      local kind=-f; [[ $last == :folders* ]] && kind=-d
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen "$kind" -- "\${current#"$prefix"}") ;;
    *)
      [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null
      # What stands before the last colon or equals sign is typed already.
      local typed_already=\${current%"\${current##*[:=]}"}
      COMPREPLY=("\${COMPREPLY[@]#"$typed_already"}") ;;
  esac
}
complete -F _unsprawl unsprawl`;

const ZSH = `#compdef unsprawl
# unsprawl completion zsh > ~/.zsh/_unsprawl, with ~/.zsh in fpath before compinit
_unsprawl() {
  local -a lines plain open
  local line word last prefix
  lines=("\${(@f)$(command unsprawl __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  last=\${lines[-1]}
  prefix=\${last#* }
  for line in "\${(@)lines[1,-2]}"; do
    word=\${line%%$'\\t'*}
    if [[ $word == *[:=] ]]; then open+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
    else plain+=("\${word//:/\\\\:}:\${line#*$'\\t'}"); fi
  done
  (( $#plain )) && _describe -V unsprawl plain
  (( $#open )) && _describe -V unsprawl open -S ''
  case $last in
    :files*) [[ -n $prefix ]] && compset -P "$prefix"; _files ;;
    :folders*) [[ -n $prefix ]] && compset -P "$prefix"; _files -/ ;;
  esac
}
if [[ $funcstack[1] == _unsprawl ]]; then _unsprawl "$@"; else compdef _unsprawl unsprawl; fi`;

const FISH = `# unsprawl completion fish > ~/.config/fish/completions/unsprawl.fish
function __unsprawl_complete
  set -l typed (commandline -opc)
  set -l current (commandline -ct)
  test -z "$current"; and set current ''
  set -l lines (command unsprawl __complete $typed[2..] $current 2>/dev/null)
  set -l last $lines[-1]
  set -l prefix (string replace -r '^:\\w+ ' '' -- $last)
  for line in $lines[1..-2]
    echo $line
  end
  switch $last
    case ':files*'
      __fish_complete_path (string replace -- "$prefix" '' "$current") | string replace -r '^' -- "$prefix"
    case ':folders*'
      __fish_complete_directories (string replace -- "$prefix" '' "$current") | string replace -r '^' -- "$prefix"
  end
end
complete -c unsprawl -f -a '(__unsprawl_complete)'`;

const SCRIPTS: { readonly [shell: string]: string } = { bash: BASH, fish: FISH, zsh: ZSH };

export const SHELLS: readonly string[] = Object.keys(SCRIPTS);

/** The completion script of a shell; null for a shell that has none. */
export function scriptFor(shell: string): string | null {
  return SCRIPTS[shell] ?? null;
}
