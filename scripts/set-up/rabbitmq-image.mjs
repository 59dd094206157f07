import { spawn } from 'node:child_process'
import { access, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command, tryCommand } from './command.mjs'
import { canInstallPackages, installPackages } from './debian-packages.mjs'
import { SetUpError, say } from './report.mjs'

/** Which suite of Debian holds which RabbitMQ. */
const suites = [
  { suite: 'forky', versions: ['4', '4.3'] },
  { suite: 'trixie', versions: ['4.0'] },
  { suite: 'bookworm', versions: ['3', '3.10'] },
]

/** Same names as @leveret/testing looks for. @param {string} version */
const official = (version) => `rabbitmq:${version}-management`
/** @param {string} version */
const own = (version) => `leveret/rabbitmq:${version}`

/**
 * Makes sure that the engine has an image of RabbitMQ: the official one, or where that cannot be had, one built from
 * Debian's packages.
 *
 * @param {string} version - as far as it matters: '4', '4.3'
 * @returns {Promise<string>} the image's name
 */
export async function ensureImage(version) {
  for (const name of [official(version), own(version)]) if (await isPresent(name)) return name
  if (await pull(official(version))) return official(version)
  await build(version)
  return own(version)
}

/** @param {string} name */
async function isPresent(name) {
  return (await tryCommand('docker', ['image', 'inspect', name])).ok
}

/**
 * Pulls an image. A registry that cannot be reached is given up on soon; a slow one is not.
 *
 * @param {string} name
 * @returns {Promise<boolean>} it is there now
 */
function pull(name) {
  say(`pulling ${name}`)
  return new Promise((resolve) => {
    const docker = spawn('docker', ['pull', name], { stdio: ['ignore', 'pipe', 'ignore'] })
    const noAnswer = setTimeout(() => docker.kill(), 30_000)
    // The first line comes when the registry has answered.
    docker.stdout.on('data', () => clearTimeout(noAnswer))
    docker.on('error', () => resolve(false))
    docker.on('close', (code) => {
      clearTimeout(noAnswer)
      resolve(code === 0)
    })
  })
}

/** @param {string} version */
async function build(version) {
  const source = suites.find(({ versions }) => versions.includes(version))
  if (source === undefined || !(await canInstallPackages())) {
    throw new SetUpError(`cannot pull ${official(version)}`, 'check the access to Docker Hub, or set RABBITMQ_URL')
  }
  const directory = await mkdtemp(join(tmpdir(), 'leveret-image-'))
  try {
    const base = await importSuite(source.suite, directory)
    await buildImage({ base, source, directory })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * @param {string} suite
 * @param {string} directory
 * @returns {Promise<string>} the name of an image that holds a minimal Debian
 */
async function importSuite(suite, directory) {
  const name = `leveret/debian:${suite}`
  if (await isPresent(name)) return name
  if (!(await tryCommand('debootstrap', ['--version'])).ok) await installPackages(['debootstrap'], 'to build an image')
  say(`no image can be pulled: laying out Debian ${suite} with debootstrap`)
  await knowSuite(suite)
  const root = join(directory, 'root')
  const next = "check the access to Debian's mirror, then try again"
  await command('debootstrap', ['--variant=minbase', '--include=ca-certificates', suite, root], { next })
  const archive = join(directory, 'root.tar')
  await command('tar', ['-C', root, '-cf', archive, '.'])
  await command('docker', ['import', archive, name])
  return name
}

/** An older debootstrap does not know a newer suite, which is laid out like every other. @param {string} suite */
async function knowSuite(suite) {
  const scripts = '/usr/share/debootstrap/scripts'
  const known = await access(join(scripts, suite)).then(
    () => true,
    () => false,
  )
  if (!known) await symlink('sid', join(scripts, suite))
}

/**
 * @param {object} what
 * @param {string} what.base
 * @param {{ suite: string, versions: string[] }} what.source
 * @param {string} what.directory
 */
async function buildImage({ base, source, directory }) {
  say(`building an image from Debian ${source.suite}'s rabbitmq-server`)
  const untagged = own(source.suite)
  await dockerBuild(directory, untagged, dockerfile(base))
  const asked = ['run', '--rm', '--network', 'none', untagged, 'rabbitmqctl', 'version']
  const version = (await command('docker', asked)).trim().split('\n').at(-1) ?? ''
  if (!source.versions.some((wanted) => version.startsWith(`${wanted}.`))) {
    throw new SetUpError(
      `Debian ${source.suite} now has RabbitMQ ${version}`,
      `adapt the list in ${import.meta.filename}`,
    )
  }
  // @leveret/testing reads the version from this variable, which official images carry too.
  await dockerBuild(directory, own(version), `FROM ${untagged}\nENV RABBITMQ_VERSION=${version}\n`)
  for (const tag of source.versions) await command('docker', ['tag', own(version), own(tag)])
}

/**
 * @param {string} directory
 * @param {string} name
 * @param {string} text - of the Dockerfile
 */
async function dockerBuild(directory, name, text) {
  const context = await mkdtemp(join(directory, 'context-'))
  await writeFile(join(context, 'Dockerfile'), text)
  // Debian's engine comes without buildx; on the host's network a build needs neither bridge nor name server of its own.
  await command('docker', ['build', '--network', 'host', '-t', name, context], { env: { DOCKER_BUILDKIT: '0' } })
}

/** @param {string} base */
function dockerfile(base) {
  const install = [
    'apt-get -o Acquire::Check-Valid-Until=false update',
    'DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rabbitmq-server',
    'rm -rf /var/lib/apt/lists/*',
    'mkdir -p /etc/rabbitmq/conf.d',
    "printf 'loopback_users.guest = false\\nlog.console = true\\nlog.file = false\\n' > /etc/rabbitmq/conf.d/10-defaults.conf",
    "printf '[rabbitmq_management].\\n' > /etc/rabbitmq/enabled_plugins",
    'chown -R rabbitmq:rabbitmq /etc/rabbitmq /var/lib/rabbitmq',
  ]
  return `FROM ${base}
RUN ${install.join(' && ')}
ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/var/lib/rabbitmq LANG=C.UTF-8
VOLUME /var/lib/rabbitmq
USER rabbitmq
EXPOSE 5672 15672
CMD ["rabbitmq-server"]
`
}
