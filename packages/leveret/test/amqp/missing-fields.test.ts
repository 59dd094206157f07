import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect } from 'vitest'
import { test } from '../support/support.js'

const HOME = fileURLToPath(new URL('../..', import.meta.url))

/** Undocumented fields, each with the identifiers that amqplib calls it by, and what the warning names. */
const FIELDS = [
  ['frameMax', 'connection.frameMax'],
  ['accept', 'connection.accept'],
  ['recvFrame', 'connection.recvFrame'],
  ['rest', 'connection.rest'],
  ['channels', 'connection.channels'],
  ['ch', 'connection.channels'],
  ['buffer', 'connection.channels'],
] as const

/** Every way of leveret to send and to receive, large and nested messages, and a channel that the broker closes. */
const PROGRAM = `
import { connect, fanoutExchange, Producer, procedure, Publisher, RpcClient, RpcServer, Subscriber, Worker, workQueue } from 'LEVERET'
import { z } from 'ZOD'
process.on('warning', ({ code, message }) => code === 'LEVERET_AMQPLIB' && console.log('warned: ' + message))
const rabbit = await connect(process.env.RABBITMQ_URL)
const tasks = workQueue('tasks', { payload: z.string(), retry: { delaysMs: [50] }, queue: { type: 'classic' } })
const news = fanoutExchange('news', { payload: z.string() })
const echo = procedure('echo', { request: z.string(), response: z.string() })
const got = []
let tell
const all = new Promise((resolve) => { tell = resolve })
const note = (what) => { got.push(what); if (got.length === 4) tell() }
const worker = new Worker(rabbit, tasks, (text, { attempt }) => {
  if (text === 'fail' && attempt === 1) throw new Error('again')
  note(text.slice(0, 4) + text.length)
})
const subscriber = new Subscriber(rabbit, news, ({ payload }) => note(payload))
const server = new RpcServer(rabbit, echo, (text) => text)
await Promise.all([worker.start(), subscriber.start(), server.start()])
const producer = new Producer(rabbit, tasks)
await Promise.all(['small', 'big '.repeat(100_000), 'fail'].map((text) => producer.send(text)))
await new Publisher(rabbit, news).publish('news')
await all
console.log(got.sort().join(' '))
console.log(await new RpcClient(rabbit, echo).call('echoed'))
const other = workQueue('tasks', { payload: z.string(), queue: { type: 'quorum' } })
console.log((await new Producer(rabbit, other).send('x').catch((error) => error)).name)
await producer.send('after')
console.log(rabbit.state)
await rabbit.close()
console.log('closed')
`

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leveret-fields-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

test('with the amqplib that is installed nothing is missing', async ({ vhost }) => {
  expect(await outcome('nothing', vhost.url)).toEqual([])
})

test.for(FIELDS)(
  'where amqplib calls %s otherwise, everything works, and one warning says what is missing',
  async ([field, named], { vhost }) => {
    const warnings = await outcome(field, vhost.url)
    expect(warnings.map((line) => /has no field (\S+)/.exec(line)?.[1])).toContain(named)
    expect(new Set(warnings).size).toBe(warnings.length)
    for (const line of warnings)
      expect(line).toMatch(/^warned: leveret: amqplib \d+\.\d+\.\d+ has no field .*npm ls amqplib/)
  },
)

/** Runs the program with an amqplib that calls a field otherwise. @returns the warnings */
async function outcome(field: string, url: string): Promise<string[]> {
  await copyWithout(field)
  const program = PROGRAM.replace('LEVERET', './dist/index.js').replace('ZOD', import.meta.resolve('zod'))
  await writeFile(join(folder, 'program.mjs'), program)
  const env = { ...process.env, RABBITMQ_URL: url }
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'program.mjs')], {
    env,
    timeout: 60_000,
  })
  const lines = stdout.trimEnd().split('\n')
  const said = lines.filter((line) => !line.startsWith('warned: '))
  expect(said).toEqual(['big 400000 fail4 news smal5', 'echoed', 'TopologyMismatchError', 'ready', 'closed'])
  return lines.filter((line) => line.startsWith('warned: '))
}

/** Copies the package, with an amqplib whose source calls a field by another name everywhere. */
async function copyWithout(field: string): Promise<void> {
  await cp(join(HOME, 'dist'), join(folder, 'dist'), { recursive: true })
  await cp(join(HOME, 'package.json'), join(folder, 'package.json'))
  const amqplib = await realpath(join(HOME, 'node_modules/amqplib'))
  await cp(amqplib, join(folder, 'node_modules/amqplib'), { recursive: true })
  for (const name of ['p-retry', 'zod']) {
    await symlink(await realpath(join(HOME, 'node_modules', name)), join(folder, 'node_modules', name))
  }
  const sources = join(folder, 'node_modules/amqplib/lib')
  for (const file of await readdir(sources)) {
    if (!file.endsWith('.js')) continue
    const source = await readFile(join(sources, file), 'utf8')
    await writeFile(
      join(sources, file),
      source.replaceAll(new RegExp(String.raw`(?<!['"-])\b${field}\b(?!['"-])`, 'g'), `${field}Renamed`),
    )
  }
}
