import { access, rm, writeFile } from 'node:fs/promises'
import { command, tryCommand } from './command.mjs'
import { say } from './report.mjs'

const policy = '/usr/sbin/policy-rc.d'

/** @returns {Promise<boolean>} this is Debian or a relative of it, and we may install packages */
export async function canInstallPackages() {
  if (process.getuid?.() !== 0) return false
  return (await tryCommand('apt-get', ['--version'])).ok
}

/**
 * Installs Debian packages without letting any of their services start.
 *
 * @param {readonly string[]} names
 * @param {string} why - for the line that says so
 */
export async function installPackages(names, why) {
  say(`installing ${names.join(' and ')} with apt-get ${why}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const next = 'check the network and the apt sources, then try again'
  const install = ['install', '-y', '--no-install-recommends', ...names]
  await withoutStartingServices(async () => {
    // The package lists of a fresh machine are empty or old: refresh them only if they do not serve.
    if ((await tryCommand('apt-get', install, { env })).ok) return
    await tryCommand('apt-get', ['update'], { env })
    await command('apt-get', install, { env, next })
  })
}

/**
 * Debian's packages ask policy-rc.d before they start a service; 101 means "do not".
 *
 * @param {() => Promise<void>} install
 * @see https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
 */
async function withoutStartingServices(install) {
  const own = await access(policy).then(
    () => false,
    () => true,
  )
  if (own) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await install()
  } finally {
    if (own) await rm(policy, { force: true })
  }
}
