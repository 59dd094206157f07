import { canInstallPackages } from './debian-packages.mjs'
import { engineAnswers, engineEnvironment, startEngine } from './docker-engine.mjs'
import { ensureImage } from './rabbitmq-image.mjs'
import { findRabbitMQServer, installRabbitMQServer } from './rabbitmq-package.mjs'
import { SetUpError, say } from './report.mjs'

/**
 * A way to a broker. Set-up makes sure that it can be gone; the testing package then starts the broker, or attaches to it.
 *
 * @typedef {object} Way
 * @property {string} name
 * @property {() => Promise<boolean>} isOpen - cheap to ask; changes nothing
 * @property {() => Promise<ReadyWay>} prepare - installs what is missing
 */

/**
 * @typedef {object} ReadyWay
 * @property {string} why - for the line that says which way was taken
 * @property {NodeJS.ProcessEnv} env - tells the testing package which way it is
 * @property {() => Promise<void>} [close] - ends what set-up started
 */

/** The RabbitMQ that containers run, as far as it matters; on CI it must not change by itself. */
const imageVersion = process.env.LEVERET_RABBITMQ_VERSION || (process.env.CI ? '4.3' : '4')

/** @type {Way} */
const given = {
  name: 'RABBITMQ_URL',
  isOpen: async () => Boolean(process.env.RABBITMQ_URL),
  prepare: async () => ({ why: 'the one RABBITMQ_URL names', env: {} }),
}

/** @type {Way} */
const container = {
  name: 'a container',
  isOpen: async () => asked('container') && (await engineAnswers()),
  prepare: () => readyContainer(imageVersion),
}

/** @type {Way} */
const installed = {
  name: 'an installed rabbitmq-server',
  isOpen: async () => asked('local') && (await findRabbitMQServer()) !== undefined,
  prepare: async () => ({
    why: `a private node of ${await findRabbitMQServer()}`,
    env: { LEVERET_BROKER: 'local' },
  }),
}

/** @type {Way} */
const debianPackage = {
  name: "Debian's rabbitmq-server",
  isOpen: async () => asked('local') && (await canInstallPackages()),
  prepare: async () => {
    await installRabbitMQServer()
    return installed.prepare()
  },
}

/**
 * A broker in memory, which is always available.
 *
 * @type {ReadyWay}
 */
export const inMemory = { why: 'a broker in memory, which behaves like 4.3', env: { LEVERET_BROKER: 'memory' } }

/** @type {Way} */
const memory = {
  name: 'a broker in memory',
  isOpen: async () => true,
  prepare: async () => inMemory,
}

/**
 * Every way to a real broker, the best first.
 *
 * @type {readonly Way[]}
 */
const realWays = [given, container, installed, debianPackage]

/**
 * Every way that takes no installation, the best first. The last one is always open.
 *
 * @type {readonly Way[]}
 */
const quickWays = [given, container, installed, memory]

/** Finds the first way to a real broker that is open here, and prepares it. @returns {Promise<ReadyWay>} */
export function prepareBroker() {
  return firstOpen(realWays)
}

/** The same without installing anything; where there is no RabbitMQ, a broker in memory. @returns {Promise<ReadyWay>} */
export function prepareAnyBroker() {
  return firstOpen(quickWays)
}

/** @param {readonly Way[]} ways @returns {Promise<ReadyWay>} */
async function firstOpen(ways) {
  for (const way of ways) {
    const ready = (await way.isOpen()) ? await prepareOrExplain(way) : undefined
    if (ready === undefined) continue
    say(`RabbitMQ: ${ready.why}`)
    return ready
  }
  throw new SetUpError(
    'no RabbitMQ can be had: RABBITMQ_URL is not set, no Docker engine can run one, no rabbitmq-server is installed',
    'start Docker, install RabbitMQ (https://www.rabbitmq.com/docs/download), or set RABBITMQ_URL',
  )
}

/** A way that looked open and is not, such as an engine without access to images, leaves the next one. @param {Way} way */
async function prepareOrExplain(way) {
  try {
    return await way.prepare()
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error
    say(`not ${way.name}: ${error.message}`)
    return undefined
  }
}

/**
 * Prepares a container even where no Docker engine runs yet, which needs root on Debian.
 *
 * @param {string} [version] - of RabbitMQ
 * @returns {Promise<ReadyWay>}
 */
export async function prepareContainer(version = imageVersion) {
  if (await engineAnswers()) return readyContainer(version)
  if (!(await canInstallPackages())) {
    throw new SetUpError('no Docker engine answers, and none can be installed here', 'start Docker, then try again')
  }
  const engine = await startEngine()
  const ready = await readyContainer(version).catch(async (error) => {
    await engine.stop()
    throw error
  })
  return { ...ready, close: engine.stop }
}

/** Prepares a private node, which needs root on Debian where RabbitMQ is not installed. @returns {Promise<ReadyWay>} */
export async function prepareInstalled() {
  if ((await findRabbitMQServer()) !== undefined) return installed.prepare()
  if (await canInstallPackages()) return debianPackage.prepare()
  throw new SetUpError('no rabbitmq-server is installed', 'install it: https://www.rabbitmq.com/docs/download')
}

/** LEVERET_BROKER leaves one way only. @param {'container' | 'local'} driver */
function asked(driver) {
  return !process.env.LEVERET_BROKER || process.env.LEVERET_BROKER === driver
}

/** @param {string} version @returns {Promise<ReadyWay>} */
async function readyContainer(version) {
  const image = await ensureImage(version)
  const env = { LEVERET_BROKER: 'container', LEVERET_RABBITMQ_VERSION: version, ...(await engineEnvironment()) }
  return { why: `${image} in a container: a Docker engine answers`, env }
}
