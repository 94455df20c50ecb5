#!/usr/bin/env bash
# Which ISC Kea do the tests drive, and where does it come from?
#
#   tests/kea/install.sh        as root: installs Debian's own Kea where it is missing
#   tests/kea/install.sh all    also lays Kea 2.2, 2.6 and 3.0 into folders outside the repository,
#                               each only where this machine does not have that version already
#
# The folders need no root. They are kept between runs under $TWINSCOPE_KEA, or else
# ~/.cache/twinscope-tests/kea, and their programs are run by the folder's own dynamic loader.
# What can't be had is said on the standard output, one line each that begins with "left out:".
set -euo pipefail

where=${TWINSCOPE_KEA:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/twinscope-tests/kea}
archives=${TWINSCOPE_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

left_out() {
    echo "left out: $*"
    [ -z "${TWINSCOPE_LEFT_OUT:-}" ] || echo "$*" >>"$TWINSCOPE_LEFT_OUT"
}

# The first two numbers of the installed kea-dhcp4's version; nothing where there is none.
installed() {
    local program
    program=$(PATH=$PATH:/usr/sbin command -v kea-dhcp4) || return 0
    "$program" -v 2>/dev/null | sed -nE 's/^([0-9]+\.[0-9]+).*/\1/p' | head -n 1
}

with_root() {
    local missing=() pair
    for pair in kea-dhcp4:kea-dhcp4-server kea-ctrl-agent:kea-ctrl-agent perfdhcp:kea-admin \
        ip:iproute2 openssl:openssl \
        curl:curl jq:jq socat:socat; do
        PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        left_out "${missing[*]}: not installed here, and only root can"
        return 0
    fi
    if ! command -v apt-get >/dev/null; then
        left_out "${missing[*]}: there is no apt-get here"
        return 0
    fi
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    local log start=/usr/sbin/policy-rc.d mine=
    log=$(mktemp)
    # The tests start servers of their own; the package is not to start one.
    if [ ! -e "$start" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$start" && chmod 755 "$start" && mine=1
    fi
    local get=(apt-get install -y -q --no-install-recommends "${missing[@]}")
    if ! "${get[@]}" >"$log" 2>&1; then
        if ! { apt-get update -q && "${get[@]}"; } >"$log" 2>&1; then
            tail -n 5 "$log"
            left_out "${missing[*]}: apt-get could not install them"
        fi
    fi
    rm -f "$log"
    [ -z "$mine" ] || rm -f "$start"
}

# apt with a state of its own in $work, on the sources that are there: touches nothing of the machine.
own_apt() {
    "$1" -q -o Dir::State="$work/state" -o Dir::State::status="$work/status" \
        -o Dir::Cache="$work/cache" -o Dir::Log="$work/log" \
        -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=- \
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true \
        -o APT::Update::Post-Invoke-Success::= -o Acquire::Languages=none "${@:2}"
}

# The Debian mirror that this machine uses itself.
mirror() {
    local form='$(REPO_URI) $(RELEASE) $(ORIGIN) $(COMPONENT)' found
    found=$(apt-get indextargets --format "$form" 'Created-By: Packages' 2>/dev/null || true)
    if [ -z "$found" ]; then
        # Nothing was ever fetched here: fetch, into a state of our own.
        local mine=(-o Dir::State="$work/first" -o Dir::Cache="$work/cache"
            -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none)
        mkdir -p "$work/first/lists/partial"
        apt-get -q "${mine[@]}" update >"$work/log/first" 2>&1 || true
        found=$(apt-get "${mine[@]}" indextargets --format "$form" 'Created-By: Packages' || true)
    fi
    awk '$3 == "Debian" && $4 == "main" && $2 !~ /-/ { print $1; exit }' <<<"$found"
}

# lay VERSION SUITE [BASE]: the Kea of a suite, which is built on a base suite, into its folder.
lay() {
    local version=$1 suite=$2 base=${3:-} folder=$where/$1 signed= got
    if [ "$(cat "$folder/complete" 2>/dev/null)" = "kea $version" ]; then
        return 0
    fi
    if [ "$(installed)" = "$version" ]; then
        return 0
    fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        left_out "Kea $version: apt-get and dpkg-deb fetch it, and are not here"
        return 0
    fi
    echo "fetching Kea $version into $folder"
    mkdir -p "$where"
    work=$(mktemp -d "$where/.fetching.XXXXXX")
    mkdir -p "$work"/{state/lists/partial,cache/archives/partial,log,root}
    : >"$work/status"
    : >"$work/sources.list"
    if ! fetch; then
        tail -n 5 "$work"/log/* 2>/dev/null || true
        left_out "Kea $version: could not be fetched"
        rm -rf "$work"
        return 0
    fi
    rm -rf "$folder"
    mv "$work/root" "$folder"
    # Last of all: a folder without it is started anew.
    echo "kea $version" >"$folder/complete"
    rm -rf "$work"
}

# What lay() set up, step by step; false as soon as one fails.
fetch() {
    local site package
    site=$(mirror)
    [ -n "$site" ] || { echo "no Debian mirror among apt's sources" >"$work/log/mirror"; return 1; }
    [ ! -r "$archives" ] || signed="[signed-by=$archives]"
    for package in $base $suite; do
        echo "deb $signed $site $package main" >>"$work/sources.list"
    done
    own_apt apt-get update >"$work/log/update" 2>&1 || return 1
    own_apt apt-get install -y --download-only --no-install-recommends -t "$suite" \
        kea-dhcp4-server kea-ctrl-agent kea-admin >"$work/log/install" 2>&1 || return 1
    for package in "$work"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$work/root" 2>"$work/log/unpack" || return 1
    done
    # Older suites still keep some beside usr; here all is in one place.
    for package in bin sbin lib lib64; do
        [ -d "$work/root/$package" ] || continue
        mkdir -p "$work/root/usr/$package"
        cp -a "$work/root/$package/." "$work/root/usr/$package/"
        rm -rf "${work:?}/root/$package"
    done
    # Nobody reads it there, and it is half of the folder.
    rm -rf "$work/root/usr/share" "$work/root/var" "$work/root/etc"
    got=$(echo "$work"/cache/archives/kea-dhcp4-server_*.deb)
    case ${got##*/kea-dhcp4-server_} in
        "$version".*) ;;
        *) echo "$suite has ${got##*/} and not $version" >"$work/log/version"; return 1 ;;
    esac
}

with_root
if [ "${1:-}" = all ]; then
    if ! mkdir -p "$where" 2>/dev/null || ! [ -w "$where" ]; then
        left_out "Kea in folders: $where can't be written (TWINSCOPE_KEA names another one)"
        exit 0
    fi
    # One at a time; the next finds it done.
    exec 9>"$where/.lock"
    flock 9
    # Those that were left half-done when a run was ended.
    rm -rf "$where"/.fetching.*
    lay 2.2 bookworm
    lay 2.6 trixie
    lay 3.0 trixie-backports trixie
fi
