import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '@leveret/testing/vitest'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'

const repository = fileURLToPath(new URL('../../../', import.meta.url))

// A machine that has Node.js, and neither `apt-get` nor `docker` nor `rabbitmq-server`.
const bin = await mkdtemp(join(tmpdir(), 'leveret-path-'))
await symlink(process.execPath, join(bin, 'node'))
afterAll(async () => await rm(bin, { recursive: true, force: true }))
const bare = { PATH: bin }

/** Runs a module of the scripts there. @returns what it prints */
async function script(program: string): Promise<string> {
  const args = ['--input-type=module', '--eval', program]
  return (await promisify(execFile)('node', args, { cwd: repository, env: bare })).stdout
}

/** Starts a program there, until the end of the test. @returns what it has printed so far */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn('node', args, { cwd: repository, env: { ...bare, ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
  return { exited: once(child, 'exit'), text: () => text }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return String(typeof address === 'object' ? address?.port : address)
}

describe('on a machine with nothing but Node.js', () => {
  test('npm run demo takes a broker in memory, says so first, and does its job', async () => {
    const printed = await script(
      `const { prepareAnyBroker } = await import('./scripts/set-up/broker.mjs')
      console.log(JSON.stringify((await prepareAnyBroker()).env))`,
    )
    const env = JSON.parse(printed.trim().split('\n').at(-1) ?? '')
    expect(env).toEqual({ LEVERET_BROKER: 'memory' })
    const demo = start(['packages/demo/dist/main.js'], env)
    expect(await demo.exited).toEqual([0, null])
    expect(demo.text().trimStart()).toMatch(/^no RabbitMQ found: using a broker in memory .*nothing is kept\n/)
    expect(demo.text()).toMatch(/^ {2}lost +0$/m)
  })

  test('npm run demo -- --broker rabbitmq says what is missing', async () => {
    const insist = `const { prepareBroker } = await import('./scripts/set-up/broker.mjs')
      await prepareBroker().catch((error) => console.log(error.message))`
    expect(await script(insist)).toContain('no RabbitMQ can be had')
  })

  test('the first example brings a broker in memory, and the next one finds it', async () => {
    const port = await freePort()
    const prepare = `const { prepareExampleBroker } = await import('./scripts/set-up/example-broker.mjs')
      const { why, env } = await prepareExampleBroker(${port})
      console.log(JSON.stringify({ why, env }))`
    const first = start(['--input-type=module', '--eval', prepare])
    await eventually(() =>
      expect(first.text()).toMatch(/^\{.*"none answers on port \d+: a broker in memory does.*\}$/m),
    )
    const receive = start(['examples/dist/01-hello/receive.js'], JSON.parse(first.text()).env)
    await eventually(() => expect(receive.text()).toContain('Waiting for messages'))
    const second = JSON.parse(await script(`${prepare}\nprocess.exit()`))
    expect(second.why).toContain('RABBITMQ_URL names another')
    expect(await start(['examples/dist/01-hello/send.js'], second.env).exited).toEqual([0, null])
    await eventually(() => expect(receive.text()).toContain(' [x] Received Hello World!'))
  })
})
