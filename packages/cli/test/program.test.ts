import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { eventually } from '@leveret/testing/vitest'
import { connect, declare, RpcServer } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { examplesOf } from '../src/program/command.js'
import { createProgram } from '../src/program/program.js'
import { Terminal } from '../src/terminal/terminal.js'
import { quote, shop } from './fixtures/shop/leveret.config.js'
import { MAIN, runHere, SHOP, spawned, test } from './program.js'

const imageId = '9d5a4a3e-61e3-4e16-9a4b-6f3a5e4c1f00'
const { stdin, stdout, stderr } = process
const terminal = new Terminal({ stdin, stdout, stderr, env: {} })
const program = await createProgram(terminal, async () => undefined)

/** The words of a command line, as a shell reads them. What goes into a file (`>`) is left out. */
function words(line: string): string[] {
  const command = line.replace(/ > [\w.]+$/, '')
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1)
}

describe('help', () => {
  test('of every command that does something holds an example', () => {
    const leaves = program.commands
      .flatMap((one) => (one.commands.length > 0 ? one.commands : [one]))
      .filter((one) => one.name() !== 'help')
    expect(leaves.length).toBeGreaterThan(20)
    expect(leaves.filter((one) => examplesOf(one).length === 0).map((one) => one.name())).toEqual([])
  })

  test('of the program is the same when no command is loaded', async () => {
    const unloaded = await createProgram(
      terminal,
      async () => undefined,
      () => false,
    )
    expect(unloaded.helpInformation()).toBe(program.helpInformation())
  })

  test('fits a terminal of 80 columns and one of 200', async () => {
    const names = program.commands.flatMap((one) => [
      [one.name()],
      ...one.commands.map((inner) => [one.name(), inner.name()]),
    ])
    for (const columns of [80, 200]) {
      for (const command of [[], ...names]) {
        const { stdout: text } = await runHere([...command, '--help'], { columns })
        // Examples stand as they are typed.
        const long = text.split('\n').filter((line) => line.length > columns && !line.startsWith('  $ '))
        expect({ command, long }).toEqual({ command, long: [] })
        expect(text).toContain('Usage: leveret')
      }
    }
  })

  test('lists shorten long names in a narrow terminal, so that the counts stay, and are whole in a pipe', async ({
    broker,
    leveret,
    vhost,
  }) => {
    const name = 'a-queue-with-a-name-that-is-longer-than-half-of-a-line-of-a-terminal'
    await broker.management.declareQueue(vhost.name, name)
    // A queue has no counts for a moment.
    await eventually(async () =>
      expect(await leveret(['list', 'queues'])).toMatchObject({ stdout: expect.stringMatching(/classic +0 +0 +0 /) }),
    )
    const narrow = await leveret(['list', 'queues'], { columns: 80 })
    const [heading = '', row = ''] = narrow.stdout.split('\n')
    expect(heading).toMatch(/^NAME +TYPE +MESSAGES +READY +UNACKED +CONSUMERS +POLICY +STATE$/)
    expect(row).toMatch(/^a-q.*….*minal +classic( +[0-]){5} +/)
    expect(Math.max(heading.length, row.length)).toBeLessThanOrEqual(80)
    const wide = await leveret(['list', 'queues'], { columns: 200 })
    expect(wide.stdout).toContain(`${name}  classic`)
    expect(wide.stdout).toMatch(/STATE\n/)
    expect((await leveret(['list', 'queues'])).stdout).toBe(wide.stdout)
  })
})

test('every example of every command does what it says', { timeout: 120_000 }, async ({
  broker: { management },
  leveret,
  vhost,
}) => {
  const rabbit = await connect(vhost.url)
  onTestFinished(async () => await rabbit.close())
  await declare(rabbit, shop)
  await new RpcServer(rabbit, quote, ({ widthPx }) => ({ cents: widthPx })).start()
  await management.declareQueue(vhost.name, 'parked')
  const folder = await mkdtemp(join(tmpdir(), 'leveret-examples-'))
  onTestFinished(async () => await rm(folder, { recursive: true }))
  const payload = JSON.stringify({ imageId, widthPx: 320 })
  await writeFile(join(folder, 'tasks.ndjson'), `${payload}\n${payload}\n`)
  await writeFile(join(folder, 'definitions.json'), JSON.stringify(await management.definitions(vhost.name)))
  await writeFile(join(folder, 'contracts.lock.json'), (await leveret(['contracts', 'json'])).stdout)
  const here = (part: string): string =>
    /^(tasks\.ndjson|definitions\.json|contracts\.lock\.json|letters\.ndjson|schemas)$/.test(part)
      ? join(folder, part)
      : part

  for (const example of examplesOf(program)) {
    // Of these something must be published meanwhile, or they run until they are stopped.
    const isLive = /^leveret (tail|broker)/.test(example)
    const end = new AbortController()
    const running = leveret(words(example).map(here), { signal: isLive ? end.signal : new AbortController().signal })
    if (isLive) setTimeout(() => end.abort(), 300).unref()
    const { code, stderr: talk } = await running
    // A plan, a check or a doctor may find something; that is no wrong usage.
    expect({ example, code, talk: [0, 1, 130].includes(code) ? '' : talk }).toEqual({
      example,
      code: isLive ? 130 : expect.toBeOneOf([0, 1]),
      talk: '',
    })
  }
  expect(await readdir(join(folder, 'schemas'))).toContain('work-queue.thumbnails.schema.json')
})

describe('as a process', () => {
  test('lists the queues of a fresh broker, and without a terminal writes no escape codes', async ({
    broker,
    vhost,
  }) => {
    await broker.management.declareQueue(vhost.name, 'tasks')
    const env = { RABBITMQ_URL: vhost.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
    const { code, stdout: text, stderr: talk } = await spawned(['list', 'queues'], env).ended
    expect(code).toBe(0)
    expect(text.split('\n')[0]).toMatch(/^NAME +TYPE +MESSAGES/)
    expect(`${text}${talk}`).not.toContain('\u001b')
    const colored = await spawned(['list', 'queues'], { ...env, FORCE_COLOR: '1' }).ended
    expect(colored.stdout).toContain('\u001b')
    const plain = await spawned(['list', 'queues', '--no-color'], { ...env, FORCE_COLOR: '1' }).ended
    expect(plain.stdout).not.toContain('\u001b')
  })

  test('ends with 3 where the password is wrong, and prints it nowhere', async ({ broker, vhost }) => {
    const [url, api] = [new URL(vhost.url), new URL(broker.managementUrl)]
    for (const one of [url, api]) one.password = 'wrong%2Fsecret'
    const env = { RABBITMQ_URL: url.href, RABBITMQ_MANAGEMENT_URL: api.href }
    for (const command of [['list', 'queues'], ['letters', 'count', 'thumbnails'], ['doctor'], ['topology', 'plan']]) {
      const { code, stdout: text, stderr: talk } = await spawned(command, env).ended
      expect({ command, code, text }).toEqual({ command, code: 3, text: '' })
      expect(talk).not.toMatch(/wrong.{1,3}secret/)
      expect(talk).not.toBe('')
    }
  })

  // `script` of util-linux gives a program a pseudo terminal.
  test.skipIf(spawnSync('script', ['--version']).status !== 0)(
    'in a terminal of 80 columns and of 200 colours its output and keeps to the width',
    async ({ broker, vhost }) => {
      const name = `a queue with a long name ${'and more '.repeat(12)}`.trim()
      await broker.management.declareQueue(vhost.name, name)
      for (const columns of [80, 200]) {
        const command = `stty cols ${columns}; exec '${process.execPath}' '${MAIN}' list queues`
        const { stdout: text } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
          env: { PATH: process.env.PATH, RABBITMQ_URL: vhost.url, RABBITMQ_MANAGEMENT_URL: broker.managementUrl },
        })
        expect(text).toContain('\u001b[1mNAME')
        const lines = stripVTControlCharacters(text).split('\r\n')
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns)
        expect(lines[1]).toMatch(columns === 80 ? /^a queue.*….*more +classic/ : /^a queue[^…]*more +classic/)
      }
    },
  )

  test('reads the password from stdin where it is to ask for it', async ({ broker, vhost }) => {
    const user = `asked-${vhost.name}`
    await broker.management.createUser(user, 'asked-password')
    onTestFinished(async () => await broker.management.deleteUser(user))
    await broker.management.setPermissions(vhost.name, user)
    await broker.management.declareQueue(vhost.name, 'thumbnails.dead-letter')
    const url = new URL(vhost.url)
    Object.assign(url, { username: user, password: '' })
    const env = { RABBITMQ_URL: url.href, RABBITMQ_MANAGEMENT_URL: broker.managementUrl }
    const { child, ended } = spawned(['letters', 'count', 'thumbnails', '--ask-password'], env, '/')
    child.stdin?.end('asked-password\n')
    expect(await ended).toMatchObject({ code: 0, stdout: '0\n' })
  })

  test('runs a broker in memory until Ctrl-C', async () => {
    const { child, ended } = spawned(['broker', '--port', '0', '--management-port', '0', '--json'], {}, SHOP)
    let text = ''
    child.stdout?.on('data', (chunk: string) => {
      text += chunk
    })
    const { url, managementUrl } = await eventually(() => JSON.parse(text))
    const env = { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT_URL: managementUrl }
    expect(await spawned(['topology', 'apply'], env).ended).toMatchObject({ code: 0 })
    expect(await spawned(['list', 'queues'], env).ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('thumbnails.dead-letter'),
    })
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 130 })
  })

  test('ends with 2 for what it does not know, and says where to read on', async () => {
    const { code, stderr: talk } = await spawned(['letter', 'show'], {}).ended
    expect({ code, talk }).toEqual({ code: 2, talk: expect.stringContaining("unknown command 'letter'") })
  })
})
