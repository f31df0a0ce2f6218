# shellcheck shell=bash
# Completion for the programs of ks in bash: source this file, or install it in
# the directory of bash-completion.  The options are those that the program's own
# usage (-h) names, so that they need no list here.

# The options in the usage of program ${1}, one a line.
_ks_options() {
	"$1" -h 2>/dev/null | grep -oE '(^|[ []|\|)-[A-Za-z]+' | tr -d ' []|-' |
		grep -o . | LC_ALL=C sort -u | sed 's/^/-/'
}

# bash calls it with the program, the word at the cursor and the word before it.
_ks() {
	local words=

	COMPREPLY=()
	case ${1##*/}${3:+ $3} in
	"ks-init -s") words="s6 runit systemd" ;;
	"ks-"*" -r") mapfile -t COMPREPLY < <(compgen -f -X '!*.conf' -- "$2") ;;
	esac
	if [[ $2 == -* ]]; then
		words=$(_ks_options "$1")
	elif [[ ${1##*/} == ks-log && $3 != -* && $COMP_CWORD -gt 1 ]]; then
		words="status propose follow read policy approve realm"
		words+=" members add promote remove transfer"
	elif [[ ${1##*/} == ks-rotate && $COMP_CWORD -eq 1 ]]; then
		words="in out show"
	fi
	[ -z "$words" ] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}

complete -o default -F _ks ks-init ks-keygen ks-update ks-lookup ks-watch ks-verify ks-hkp-proxy \
	ks-dump ks-log ks-status ks-rotate ks-bench \
	ks-logd ks-apply ks-sign ks-publish ks-admit ks-ratify ks-link ks-httpd ks-keyids
