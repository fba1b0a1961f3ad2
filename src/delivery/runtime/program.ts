import { shellWord } from "../../kit/shell.ts";
/** Absolute paths used by the program in front of runc. */
export type ProgramPaths = {
  readonly node: string;
  readonly resolver: string;
  readonly home: string;
  readonly realRuntime: string;
  readonly memory: string;
};

/**
 * `unsprawl-runc`: a POSIX sh program that the engine starts instead of runc. `create` and `exec` of containers with
 * references go through the resolver; everything else goes straight to runc. Values pass through tmpfs files that only
 * root can read and that are deleted after runc has read them.
 */
export function runtimeProgram(paths: ProgramPaths): string {
  return `#!/bin/sh
# unsprawl: resolves secret references in front of ${shellWord(paths.realRuntime)}. Written by \`unsprawl runtime install\`.
node=${shellWord(paths.node)}
resolver=${shellWord(paths.resolver)}
home=${shellWord(paths.home)}
real=${shellWord(paths.realRuntime)}
memory=${shellWord(paths.memory)}

command= input= log= want= id=
for word do
  if [ -n "$want" ]; then
    case $want in bundle | process) input=$word ;; log) log=$word ;; esac
    want=
    continue
  fi
  case $word in
    --log) want=log ;;
    --log=*) log=\${word#--log=} ;;
    --bundle | -b) want=bundle ;;
    --bundle=*) input=\${word#--bundle=} ;;
    --process | -p) want=process ;;
    --process=*) input=\${word#--process=} ;;
    # Options of runc and of create, exec and delete that take a value (runc(8)).
    --root | --log-format | --criu | --rootless | --console-socket | --pid-file | --preserve-fds | --cwd | --env | -e | --user | -u | --additional-gids | -g | --process-label | --apparmor | --cap | -c | --cgroup) want=other ;;
    -*) ;;
    *)
      if [ -z "$command" ]; then command=$word
      elif [ -z "$id" ]; then id=$word; fi ;;
  esac
done

case $command in
  create | run) [ -n "$input" ] || input=$PWD; file=$input/config.json ;;
  exec) file=$input ;;
  delete) rm -f "$memory/resolved/$id.json"; exec "$real" "$@" ;;
  *) exec "$real" "$@" ;;
esac
if [ -z "$file" ] || ! grep -q '=ref+' "$file" 2>/dev/null; then exec "$real" "$@"; fi

mask=$(umask)
umask 077
mkdir -p "$memory/bundles" || exit 1
# Somebody else's folder could be swapped under us.
if [ ! -O "$memory" ] || [ -L "$memory" ]; then echo "unsprawl: $memory is not root's own" >&2; exit 1; fi
out=$(mktemp -d "$memory/bundles/XXXXXXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
if [ "$command" = exec ]; then new=$out/process.json; else new=$out; fi
mode=$command
[ "$mode" != run ] || mode=create
"$node" "$resolver" "$home" "$mode" "$input" "$new" "$id" "$log" || exit 1

# The same words again, with the resolved bundle or process in place of the engine's.
count=$# want= told=
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  count=$((count - 1))
  if [ -n "$want" ]; then word=$new want= told=1; else
    case $word in
      --bundle | -b | --process | -p) case $command:$word in *:--*|create:-b|run:-b|exec:-p) want=1 ;; esac ;;
      --bundle=*) word=--bundle=$new told=1 ;;
      --process=*) word=--process=$new told=1 ;;
    esac
  fi
  set -- "$@" "$word"
done
if [ -z "$told" ]; then echo "unsprawl: $command without a bundle" >&2; exit 1; fi
umask "$mask"
"$real" "$@"
`;
}
