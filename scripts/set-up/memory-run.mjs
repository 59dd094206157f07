import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inMemory } from './broker.mjs'
import { SetUpError } from './report.mjs'
import { root } from './repository.mjs'

/** Where leveret's own tests are. */
const directory = 'packages/leveret/test'

/**
 * Tests that the run on the broker in memory leaves out, by the end of their path, and why. All of them run on a real broker.
 *
 * @type {readonly { readonly why: string, readonly files: readonly string[] }[]}
 */
export const leftOut = [
  { why: 'a cluster, which takes three real nodes', files: ['connection/home-node'] },
  {
    why: 'a real broker that is killed, or has a part of it suspended by rabbitmqctl, in all of their tests',
    files: ['publishing/copies', 'streams/streams-restarts'],
  },
  {
    why: "nothing of any broker: all that they talk to is a server of the test's own",
    files: ['amqp/hostile-handshakes', 'amqp/hostile-servers'],
  },
  {
    why: 'random sends and deliveries, which find what they find in the timing of a real broker',
    files: [
      'publishing/fuzz',
      'rpc/fuzz-rpc',
      'publishing/random-sends',
      'consuming/random-workers',
      'amqp/byte-sweep',
    ],
  },
  {
    why: 'load: a million sends, 10,000 calls, a thousand roles, megabytes; client and broker would share one thread',
    files: [
      'recovery/ledger',
      'recovery/late-answers',
      'rpc/rpc-many',
      'connection/many-roles',
      'recovery/worker-ledger',
    ],
  },
  {
    why: 'processes of Node.js of their own, up to 25 in a file, which take longer to start than all else here',
    files: [
      'house/resources',
      'consumer/isolation-crash',
      'closing/signals-closables',
      'closing/close-anywhere',
      'docs/readme.smoke',
    ],
  },
  { why: 'TLS, and a plugin that logs in by certificate', files: ['amqp/tls'] },
  {
    why: 'half a minute of the client’s own clock: losses, silences and time limits, of which there are enough among the others',
    files: [
      'recovery/drops',
      'recovery/subscriber-faults',
      'amqp/links',
      'connection/channel-limits',
      'closing/still-running',
    ],
  },
]

/** RabbitMQ's six tutorials, and publisher confirms. */
const tutorials = [1, 2, 3, 4, 5, 6, 7].map((number) => `examples/test/0${number}`)

/**
 * The run of leveret's own tests on the broker in memory.
 *
 * @returns {Promise<{ readonly name: string, readonly broker: import('./broker.mjs').ReadyWay, readonly args: readonly string[] }>}
 * @throws {SetUpError} what is to be left out is not there
 */
export async function memoryPlan() {
  const files = (await readdir(join(root, directory), { recursive: true })).filter((file) => file.endsWith('.test.ts'))
  const names = leftOut.flatMap((group) => group.files)
  const unknown = names.filter((name) => !files.some((file) => isOf(file, name)))
  if (unknown.length > 0) {
    throw new SetUpError(
      `there is no test of the name ${unknown.join(', ')}`,
      `correct the list in scripts/set-up/memory-run.mjs`,
    )
  }
  const apply = await filter(files, async (file) => !names.some((name) => isOf(file, name)) && (await asksBroker(file)))
  const why = [
    `${inMemory.why}: ${apply.length} of ${files.length} files of leveret's own tests. The others run on a real one only:`,
    ...leftOut.map((group) => `  ${group.files.join(', ')}: ${group.why}`),
    `  ${files.length - apply.length - names.length} more: they ask no broker`,
  ]
  return {
    name: 'memory',
    broker: { why: why.join('\n'), env: { ...inMemory.env, RABBITMQ_URL: '', LEVERET_RABBITMQ_VERSION: '4.3' } },
    // The files of a worker share its modules, because to load them takes longer than most tests; and most tests wait for something.
    args: [...apply.map((file) => join(directory, file)), '--no-isolate', '--maxWorkers=8'],
  }
}

/**
 * The run of RabbitMQ's tutorials, by pika, amqplib and leveret in all combinations, on the broker in memory.
 *
 * @returns {{ readonly name: string, readonly broker: import('./broker.mjs').ReadyWay, readonly args: readonly string[] }}
 */
export function tutorialsPlan() {
  const env = { ...inMemory.env, RABBITMQ_URL: '', LEVERET_RABBITMQ_VERSION: '4.3' }
  return { name: 'tutorials', broker: { why: inMemory.why, env }, args: tutorials }
}

/** @param {string} file @param {string} name */
function isOf(file, name) {
  return `/${file}`.endsWith(`/${name}.test.ts`)
}

/** @param {string} file */
async function asksBroker(file) {
  const text = await readFile(join(root, directory, file), 'utf8')
  return /from '[./]+\/support\/support\.js'|from '@leveret\/testing/.test(text)
}

/** @template T @param {readonly T[]} items @param {(item: T) => Promise<boolean>} isWanted */
async function filter(items, isWanted) {
  const wanted = await Promise.all(items.map(isWanted))
  return items.filter((_, index) => wanted[index])
}
