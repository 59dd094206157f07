import { inspect } from 'node:util'
import { describe, expect, onTestFinished } from 'vitest'
import { connect, Producer } from '../../src/index.js'
import { runProgram } from '../support/program.js'
import { serve } from '../support/serve.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

const PASSWORD = 'S3cr3t-päss/wörd'

describe('connect', () => {
  test('names the host that cannot be reached, after startupTimeoutMs', async () => {
    const port = await serve(() => undefined)
    const free = port === 65_535 ? port - 1 : port + 1
    const connecting = connect(`amqp://guest:${encodeURIComponent(PASSWORD)}@127.0.0.1:${free}`, {
      startupTimeoutMs: 300,
    })
    await expect(connecting).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'unreachable',
      retryable: true,
      message: `Cannot connect to amqp://guest@127.0.0.1:${free}: connect ECONNREFUSED 127.0.0.1:${free}`,
    })
  })

  test('gives up at once on a wrong password, and shows it nowhere', async ({ vhost }) => {
    const started = performance.now()
    const error: unknown = await connect({ ...fieldsOf(vhost.url), password: PASSWORD }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ name: 'ConnectionError', reason: 'login-refused', retryable: false })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  })

  test('logs in with a password of any characters', async ({ createUser, vhost, connectTo }) => {
    const username = await createUser('ann', PASSWORD)
    const fields = { ...fieldsOf(vhost.url), username, password: PASSWORD }
    expect((await connectTo({}, fields)).state).toBe('ready')
    const url = `amqp://${username}:${encodeURIComponent(PASSWORD)}@${fields.host}:${fields.port}/${vhost.name}`
    const rabbit = await connectTo({}, url)
    expect(rabbit.state).toBe('ready')
    expect(inspect(rabbit, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  })

  test('goes to a vhost of any characters, by URL and by fields', async ({ vhost, broker, connectTo }) => {
    const name = `:/?#[]@%+$ é日 ${vhost.name}`
    await broker.management.createVhost(name)
    onTestFinished(async () => await broker.management.deleteVhost(name))
    const { host, port } = fieldsOf(vhost.url)
    const own = { username: 'guest', password: 'guest' }
    expect((await connectTo({}, { ...own, host, port, vhost: name })).state).toBe('ready')
    const url = `amqp://guest:guest@${host}:${port}/${encodeURIComponent(name)}`
    expect((await connectTo({}, url)).state).toBe('ready')
    await eventually(async () => expect(await broker.management.connections(name)).toHaveLength(2))
  })

  test('gives up at once on an unknown vhost, and names it', async ({ vhost }) => {
    const connecting = connect({ ...fieldsOf(vhost.url), vhost: 'no such vhost' })
    await expect(connecting).rejects.toMatchObject({
      reason: 'vhost-not-found',
      message: expect.stringContaining("there is no vhost 'no such vhost'"),
    })
  })

  test('gives up at once on a vhost it may not use', async ({ createUser, vhost }) => {
    const username = await createUser('bob', 'S3cr3t-bob', 'none')
    const connecting = connect({ ...fieldsOf(vhost.url), username, password: 'S3cr3t-bob' })
    await expect(connecting).rejects.toMatchObject({
      reason: 'vhost-refused',
      message: expect.stringContaining(username),
    })
  })

  test('refuses a URL with an unencoded #, masked', async () => {
    const connecting = connect('amqp://guest:S3cr3t#x@localhost')
    await expect(connecting).rejects.toMatchObject({ name: 'OptionsError', message: expect.stringContaining('%23') })
    await expect(connecting).rejects.not.toMatchObject({ message: expect.stringContaining('S3cr3t') })
  })

  test('refuses an option that does not exist', async () => {
    await expect(connect('amqp://localhost', { hartbeat: 1 } as object)).rejects.toMatchObject({
      name: 'OptionsError',
      message: expect.stringContaining('hartbeat'),
    })
  })

  test('gives up a server that accepts and says nothing', async () => {
    const port = await serve(() => undefined)
    const connecting = connect(`amqp://127.0.0.1:${port}`, { connectTimeoutMs: 200, startupTimeoutMs: 300 })
    await expect(connecting).rejects.toMatchObject({ reason: 'timeout', message: expect.stringContaining('200 ms') })
  })

  test('says so when what answers does not speak AMQP', async () => {
    const port = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const connecting = connect(`amqp://127.0.0.1:${port}`, { startupTimeoutMs: 300 })
    await expect(connecting).rejects.toMatchObject({ reason: 'protocol' })
  })

  test('hints at the plain port behind a failed TLS handshake', async ({ vhost }) => {
    const connecting = connect(vhost.url.replace('amqp:', 'amqps:'), { startupTimeoutMs: 300 })
    await expect(connecting).rejects.toMatchObject({ reason: 'protocol', message: expect.stringContaining('amqp://') })
  })

  test('leaves nothing behind when it fails', async ({ vhost }) => {
    const port = await serve(() => undefined)
    const body = `const silent = 'amqp://127.0.0.1:${port}'
      const wrong = url.replace(/:[^:@]*@/, ':wrong@')
      await connect(silent, { connectTimeoutMs: 100, startupTimeoutMs: 200 }).catch(({ reason }) => console.log(reason))
      await connect(wrong).catch(({ reason }) => console.log(reason))
      console.log(JSON.stringify(resources().filter((name) => name === 'Timeout')))`
    const { lines, code } = await runProgram(vhost.url, body)
    expect({ lines, code }).toEqual({ lines: ['timeout', 'login-refused', '[]'], code: 0 })
  })
})

describe('a payload the schema refuses', () => {
  test('is not sent, and the next one is', async ({ rabbit, vhost }) => {
    const producer = new Producer(rabbit, tasks)
    const wrong = producer.send({ n: 1.5 })
    await expect(wrong).rejects.toMatchObject({
      name: 'PayloadError',
      direction: 'outgoing',
      issues: [{ path: ['n'] }],
    })
    await producer.send({ n: 1 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })
})
