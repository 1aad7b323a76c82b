# Completes the commands, flags, tags and titles of eventkit in fish.
# In ~/.config/fish/config.fish: eventkit completion fish | source
function __eventkit_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string replace -r '^["\']' '' | string unescape)
    set -l lines ($words[1] completion fish $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end
complete --command eventkit --no-files --arguments '(__eventkit_complete)'
