import { SetUpError } from './report.mjs'
import { manifest } from './repository.mjs'

/** Stops when this Node is older than what package.json asks for. */
export function checkNodeVersion() {
  const needed = manifest().engines.node.replace('>=', '')
  if (isOlder(process.versions.node, needed)) {
    throw new SetUpError(
      `this is Node ${process.versions.node}, and leveret needs ${needed} or newer`,
      'install it from https://nodejs.org',
    )
  }
}

/**
 * @param {string} version
 * @param {string} needed
 */
function isOlder(version, needed) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number)
  return major < neededMajor || (major === neededMajor && minor < neededMinor)
}
