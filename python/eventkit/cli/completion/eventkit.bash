# Completes the commands, flags, tags and titles of eventkit in bash 4 or later.
# In ~/.bashrc: eval "$(eventkit completion bash)"
_eventkit() {
  local kind
  mapfile -t COMPREPLY < <("$1" completion bash "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  kind=${COMPREPLY[0]}
  COMPREPLY=("${COMPREPLY[@]:1}")
  case $kind in
    files) compopt -o default ;;
    open) compopt -o nospace ;;
  esac
}
complete -F _eventkit eventkit
