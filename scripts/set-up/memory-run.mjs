import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { inMemory } from './broker.mjs'
import { SetUpError } from './report.mjs'
import { root } from './repository.mjs'

/** Where leveret's own tests are. */
const directory = 'packages/leveret/test'

/**
 * Tests that the run on the broker in memory leaves out, by the name of their file, and why. All of them run on a real broker.
 *
 * @type {readonly { readonly why: string, readonly files: readonly string[] }[]}
 */
export const leftOut = [
  { why: 'TLS, which the broker in memory has not', files: ['tls'] },
  { why: 'topic permissions, which the broker in memory has not', files: ['topic-rights'] },
  { why: 'limits of users and vhosts, which the broker in memory has not', files: ['limits'] },
  { why: 'a default queue type of a vhost, which the broker in memory has not', files: ['consumers'] },
  { why: 'a cluster, which takes real nodes', files: ['home-node'] },
  { why: 'parts of a real broker that rabbitmqctl suspends or stops', files: ['copies', 'streams-restarts'] },
  {
    why: "a server of the test's own that plays the broker",
    files: ['hostile-handshakes', 'hostile-servers'],
  },
  {
    why: 'random sends and deliveries, whose point is the timing of a real broker',
    files: ['fuzz', 'fuzz-rpc', 'random-sends', 'random-workers', 'byte-sweep'],
  },
  {
    why: 'load, which takes a broker with a process of its own',
    files: ['ledger', 'late-answers', 'resources', 'rpc-many', 'many-roles', 'worker-ledger'],
  },
  {
    why: 'processes of their own, which take their time to start and to die',
    files: ['isolation-crash', 'signals-closables', 'readme.smoke'],
  },
  {
    why: "the client's own clock: they take real time",
    files: [
      'channel-limits',
      'close-anywhere',
      'deduplication',
      'deduplication-keys',
      'drops',
      'links',
      'native-retry-faults',
      'rpc-presence',
      'slow-handlers',
      'streams-faults',
      'subscriber-faults',
    ],
  },
]

/**
 * The run of leveret's own tests on the broker in memory.
 *
 * @returns {Promise<{ readonly name: string, readonly broker: import('./broker.mjs').ReadyWay, readonly args: readonly string[] }>}
 * @throws {SetUpError} what is to be left out is not there
 */
export async function memoryPlan() {
  const files = (await readdir(join(root, directory), { recursive: true })).filter((file) => file.endsWith('.test.ts'))
  const names = leftOut.flatMap((group) => group.files)
  const unknown = names.filter((name) => !files.some((file) => basename(file) === `${name}.test.ts`))
  if (unknown.length > 0) {
    throw new SetUpError(
      `there is no test of the name ${unknown.join(', ')}`,
      `correct the list in scripts/set-up/memory-run.mjs`,
    )
  }
  const apply = await filter(
    files,
    async (file) => !names.includes(basename(file, '.test.ts')) && (await asksBroker(file)),
  )
  const why = [
    `${inMemory.why}: ${apply.length} of ${files.length} files of leveret's own tests. The others run on a real one only:`,
    ...leftOut.map((group) => `  ${group.files.join(', ')}: ${group.why}`),
    `  ${files.length - apply.length - names.length} more: they ask no broker`,
  ]
  return {
    name: 'memory',
    broker: { why: why.join('\n'), env: { ...inMemory.env, RABBITMQ_URL: '', LEVERET_RABBITMQ_VERSION: '4.3' } },
    // The files of a worker share its modules, because to load them takes longer than most tests; and most tests wait for something.
    args: [...apply.map((file) => join(directory, file)), '--no-isolate', '--maxWorkers=6'],
  }
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
