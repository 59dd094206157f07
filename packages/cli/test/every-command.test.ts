import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Management } from '@leveret/management'
import { eventually } from '@leveret/testing/vitest'
import type { Command } from 'commander'
import { connect, declare, RpcServer } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { createProgram } from '../src/program/program.js'
import { Terminal } from '../src/terminal/terminal.js'
import { quote, shop } from './fixtures/shop/leveret.config.js'
import { type Ended, type Leveret, type RunOptions, runHere, test } from './program.js'

const imageId = '9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00'
const payload = JSON.stringify({ imageId, widthPx: 320 })
const line = JSON.stringify({ service: 'api', text: 'up', at: '2026-01-01T00:00:00Z' })

/** Arguments for each command. `FOLDER` is a folder with files for it. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  doctor: [],
  list: ['queues'],
  'letters count': ['thumbnails'],
  'letters show': ['thumbnails'],
  'letters replay': ['thumbnails', '--include-unknown', '--limit', '1'],
  'letters move': ['thumbnails', '--to', 'parked', '--include-unknown', '--limit', '1'],
  'letters discard': ['thumbnails', '--include-unknown', '--limit', '1', '--yes=thumbnails.dead-letter'],
  'letters export': ['thumbnails'],
  tail: ['log_lines', '--limit', '1'],
  send: ['thumbnails', payload],
  publish: ['log_lines', 'api.info', line],
  call: ['quote', '{"widthPx":3}'],
  'topology plan': [],
  'topology check': [],
  'topology apply': [],
  'topology diff': ['FOLDER/definitions.json'],
  'contracts json': [],
  'contracts asyncapi': [],
  'contracts diff': ['FOLDER/contracts.lock.json', '--broker'],
  'contracts picture': ['--broker'],
  policy: ['thumbnails'],
  broker: ['--port', '0', '--management-port', '0'],
}

/** Commands that need no broker. */
const OFFLINE = ['topology diff', 'contracts json', 'contracts asyncapi', 'contracts diff', 'policy', 'broker']
/** Commands that change something on the broker. */
const CHANGING = ['letters replay', 'letters move', 'letters discard', 'send', 'publish', 'topology apply']
/** Commands that write a JSON value a line. */
const STREAMING = ['letters export', 'tail']

const { stdin, stdout, stderr } = process
const program = await createProgram(new Terminal({ stdin, stdout, stderr, env: {} }), async () => undefined)

function leaves(each: Command, path: readonly string[] = []): readonly string[] {
  return each.commands
    .filter((inner) => inner.name() !== 'help')
    .flatMap((inner) =>
      inner.commands.length > 0 ? leaves(inner, [...path, inner.name()]) : [[...path, inner.name()].join(' ')],
    )
}

/** Declares the shop with three letters, and returns a function that runs a command by its name. */
async function prepared(
  leveret: Leveret,
  { url, name }: { url: string; name: string },
  broker: { management: Management },
) {
  const rabbit = await connect(url)
  onTestFinished(async () => await rabbit.close())
  await declare(rabbit, shop)
  await new RpcServer(rabbit, quote, ({ widthPx }) => ({ cents: widthPx })).start()
  await broker.management.declareQueue(name, 'parked')
  for (let n = 0; n < 8; n += 1)
    await broker.management.publish(name, { routingKey: 'thumbnails.dead-letter', payload })
  const folder = await mkdtemp(join(tmpdir(), 'leveret-every-'))
  onTestFinished(async () => await rm(folder, { recursive: true }))
  await writeFile(join(folder, 'definitions.json'), JSON.stringify(await broker.management.definitions(name)))
  await writeFile(join(folder, 'contracts.lock.json'), (await leveret(['contracts', 'json'])).stdout)
  return async (command: string, more: readonly string[] = [], options: RunOptions = {}): Promise<Ended> => {
    const args = (ARGUMENTS[command] ?? []).map((part) => part.replace('FOLDER', folder))
    const end = new AbortController()
    const onTalk = (text: string): void => {
      if (command === 'broker' && text.includes('Ctrl-C')) end.abort()
      if (command === 'tail' && text.includes('shows messages of'))
        void broker.management.publish(name, { exchange: 'log_lines', routingKey: 'api.info', payload: line })
    }
    return await leveret([...command.split(' '), ...args, ...more], { signal: end.signal, onTalk, ...options })
  }
}

test('this file has arguments for every command', () => {
  expect(Object.keys(ARGUMENTS).sort()).toEqual([...leaves(program)].sort())
})

describe('every command', () => {
  test('with --json writes JSON and nothing else; in a pipe none writes escape codes', { timeout: 120_000 }, async ({
    broker,
    leveret,
    vhost,
  }) => {
    const run = await prepared(leveret, vhost, broker)
    for (const command of Object.keys(ARGUMENTS)) {
      for (const more of [[], ['--json']]) {
        const { code, stdout: text, stderr: talk } = await run(command, more)
        expect({ command, code, talk: [0, 1, 130].includes(code) ? '' : talk }).toEqual({
          command,
          code: command === 'broker' ? 130 : expect.toBeOneOf([0, 1]),
          talk: '',
        })
        expect(`${text}${talk}`, command).not.toContain('\u001b')
        if (more.length === 0) continue
        const documents = STREAMING.includes(command) ? text.trim().split('\n') : [text]
        for (const each of documents) expect(() => JSON.parse(each), `${command}: ${each}`).not.toThrow()
      }
    }
  })

  test('fits a terminal of 80 columns and one of 200', { timeout: 120_000 }, async ({ broker, leveret, vhost }) => {
    const run = await prepared(leveret, vhost, broker)
    // Documents are data, whose lines are as long as they are.
    const documents = ['contracts json', 'contracts asyncapi', 'contracts picture', 'policy', 'letters export', 'call']
    for (const command of Object.keys(ARGUMENTS).filter((one) => !documents.includes(one))) {
      for (const columns of [80, 200]) {
        const { stdout: text } = await run(command, [], { columns })
        const long = text.split('\n').filter((each) => each.length > columns)
        expect({ command, columns, long }).toEqual({ command, columns, long: [] })
      }
    }
  })

  test('that needs a broker ends with 3 where the password is wrong, and prints it nowhere', async ({
    broker,
    leveret,
    vhost,
  }) => {
    const run = await prepared(leveret, vhost, broker)
    const [url, api] = [new URL(vhost.url), new URL(broker.managementUrl)]
    for (const one of [url, api]) one.password = 'wrong%2Fsecret'
    const where = ['--url', url.href, '--management', api.href]
    for (const command of Object.keys(ARGUMENTS).filter((one) => !OFFLINE.includes(one))) {
      const { code, stdout: text, stderr: talk } = await run(command, where)
      expect({ command, code, talk }).toEqual({ command, code: 3, talk: expect.stringMatching(/refused|password/i) })
      expect(`${text}${talk}`, command).not.toMatch(/wrong.{1,3}secret/)
    }
  })

  test('that changes something says first which broker that is', async ({ broker, leveret, vhost }) => {
    const run = await prepared(leveret, vhost, broker)
    const { hostname, port, username } = new URL(vhost.url)
    for (const command of CHANGING) {
      const { stderr: talk } = await run(command)
      expect({ command, talk }).toEqual({
        command,
        talk: expect.stringContaining(`${username}@${hostname}:${port}/${vhost.name}: `),
      })
    }
  })

  test('that changes something changes nothing with --dry-run', async ({ broker, leveret, vhost }) => {
    const run = await prepared(leveret, vhost, broker)
    const counts = async () =>
      (await broker.management.queues(vhost.name)).map(({ name, messages }) => ({ name, messages: messages ?? 0 }))
    // The counts of the management API are some seconds old.
    const patience = { timeoutMs: 30_000 }
    await eventually(
      async () => expect(await counts()).toContainEqual({ name: 'thumbnails.dead-letter', messages: 8 }),
      patience,
    )
    await broker.management.deleteQueue(vhost.name, 'log-file')
    const before = await counts()
    for (const command of CHANGING)
      expect(await run(command, ['--dry-run'])).toMatchObject({ code: expect.toBeOneOf([0, 1]) })
    await eventually(async () => expect(await counts()).toEqual(before), patience)
  })
})

test('an unreachable broker is exit code 3, and the place is named', async () => {
  // A port that was free a moment ago.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const place = `127.0.0.1:${port}`
  const tries = Object.keys(ARGUMENTS)
    .filter((one) => !OFFLINE.includes(one))
    .map(async (command) => {
      const args = [...command.split(' '), ...(ARGUMENTS[command] ?? [])]
      const ended = await runHere([...args, '--url', `amqp://${place}`, '--management', `http://${place}`])
      expect({ command, ...ended }).toEqual({ command, code: 3, stdout: '', stderr: expect.stringContaining(place) })
    })
  await Promise.all(tries)
})
