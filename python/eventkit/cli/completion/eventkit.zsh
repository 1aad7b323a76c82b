#compdef eventkit
# Completes the commands, flags, tags and titles of eventkit in zsh.
# In ~/.zshrc, after compinit: eval "$(eventkit completion zsh)"
_eventkit() {
  local kind line
  local -a lines found shown keep
  lines=("${(@f)$("$words[1]" completion zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  kind=$lines[1]
  if [[ $kind == files ]]; then
    _files
    return
  fi
  for line in "${(@)lines[2,-1]}"; do
    found+=("${line%%$'\t'*}")
    shown+=("${line/$'\t'/  }")
  done
  [[ $kind == open ]] && keep=(-S '')
  (( $#found )) && compadd "${(@)keep}" -M 'm:{a-zA-Z}={A-Za-z}' -l -d shown -a found
}
if [[ $funcstack[1] == _eventkit ]]; then
  _eventkit "$@"
else
  compdef _eventkit eventkit
fi
