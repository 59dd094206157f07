import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { tryCommand } from './command.mjs'
import { installPackages } from './debian-packages.mjs'

/** Where a server may be although PATH does not name it: Debian's, and the one root's PATH has. */
const wellKnown = ['/usr/lib/rabbitmq/bin', '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin']

/** @returns {Promise<string | undefined>} the path of an installed rabbitmq-server that has an Erlang to run on */
export async function findRabbitMQServer() {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  if ((await findIn(onPath, 'erl')) === undefined) return undefined
  return await findIn([...onPath, ...wellKnown], 'rabbitmq-server')
}

/** @param {readonly string[]} directories @param {string} name */
async function findIn(directories, name) {
  for (const directory of directories) {
    const file = join(directory, name)
    const found = await access(file).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}

/** Installs Debian's rabbitmq-server: the programs only, no service runs and none starts at the next boot. */
export async function installRabbitMQServer() {
  await installPackages(['rabbitmq-server'], '(its service stays off)')
  // Only systemd has services to disable; without it this fails, and there is nothing to do.
  await tryCommand('systemctl', ['disable', 'rabbitmq-server.service', 'epmd.socket', 'epmd.service'])
}
