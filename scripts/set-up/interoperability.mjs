import { tryCommand } from './command.mjs'
import { canInstallPackages, installPackages } from './debian-packages.mjs'

/** Installs pika, so that the examples also meet a client of another language; without it those tests are skipped. */
export async function installPika() {
  const present = (await tryCommand('/usr/bin/python3', ['-c', 'import pika'])).ok
  if (present || !(await canInstallPackages())) return
  await installPackages(['python3-pika'], 'for the interoperability tests')
}
