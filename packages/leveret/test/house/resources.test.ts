import { startFaultProxy } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { raiseAlarm } from '../support/alarm.js'
import { runProgram } from '../support/program.js'
import { serve } from '../support/serve.js'
import { fieldsOf, test } from '../support/support.js'

/** Everything that keeps the process alive after `close`: nothing. Then it ends by itself. */
const NOTHING = { lines: ['[]'], stderr: '', code: 0 }
const SHOW = 'console.log(JSON.stringify(resources()))'
/** An attempt that is given up destroys its socket, and Node.js lets go of that in the next two turns. */
const SHOW_SOON = `for (let turn = 0; turn < 2; turn += 1) await new Promise(setImmediate)
  ${SHOW}`
const CLOSE = `await rabbit.close({ timeoutMs: 1_000 })
  ${SHOW}`
const CLOSE_ATTEMPT = `await rabbit.close({ timeoutMs: 1_000 })
  ${SHOW_SOON}`
const SEND = 'const producer = new Producer(rabbit, tasks); await producer.send({ n: 0 })'
const WORK = 'await new Worker(rabbit, tasks, () => undefined).start()'

/** Prints 'now', and goes on when `condition` holds. */
const meanwhile = (condition: string): string => `console.log('now')
  while (!(${condition})) await new Promise((resolve) => setTimeout(resolve, 10))`
const AFTER_NOW = { ...NOTHING, lines: ['now', '[]'] }

test('an empty program has nothing either: what is compared is leveret alone', async ({ vhost }) => {
  expect(await runProgram(vhost.url, SHOW_SOON)).toEqual(NOTHING)
})

describe('after close no socket and no timer is left, and the program ends, when the connection was', () => {
  test('ready and idle', async ({ vhost }) => {
    expect(await runProgram(vhost.url, `const rabbit = await connect(url); ${CLOSE}`)).toEqual(NOTHING)
  })

  test('never connected, because nothing was awaited', async ({ vhost }) => {
    const body = `const rabbit = await connect(url, { startupTimeoutMs: Infinity }); ${CLOSE_ATTEMPT}`
    expect(await runProgram(vhost.url, body)).toEqual(NOTHING)
  })

  test('ready, with both lanes in use', async ({ vhost }) => {
    expect(await runProgram(vhost.url, `const rabbit = await connect(url); ${WORK}; ${SEND}; ${CLOSE}`)).toEqual(
      NOTHING,
    )
  })

  test('ready, with sends in flight', async ({ vhost }) => {
    const body = `const rabbit = await connect(url)
      ${SEND}
      const sends = Promise.allSettled(Array.from({ length: 100 }, (_, n) => producer.send({ n })))
      await rabbit.close()
      ${SHOW}
      console.log((await sends).every(({ status }) => status === 'fulfilled'))`
    expect(await runProgram(vhost.url, body)).toEqual({ ...NOTHING, lines: ['[]', 'true'] })
  })

  test('working, with a handler that never ends', async ({ vhost }) => {
    const body = `const rabbit = await connect(url)
      let started = false
      await new Worker(rabbit, tasks, async () => { started = true; await new Promise(() => {}) }).start()
      ${SEND}
      ${meanwhile('started')}
      ${CLOSE}`
    expect(await runProgram(vhost.url, body)).toEqual(AFTER_NOW)
  })

  test.for([
    { name: 'paused', options: '{}', next: 'await worker.pause()' },
    { name: 'about to be paused and resumed', options: '{}', next: 'void worker.pause(); void worker.resume()' },
    { name: 'collecting a batch for an hour', options: '{ batch: { size: 9, waitMs: 3_600_000 } }', next: '' },
    {
      name: 'stopped by its breaker',
      options: '{ breaker: { failureRate: 0.1, minAttempts: 1, pauseMs: 3_600_000 } }',
      next: 'await new Promise((resolve) => worker.on("paused", resolve))',
    },
  ])('working, $name', async ({ options, next }, { vhost }) => {
    const body = `const silent = { debug() {}, info() {}, warn() {}, error() {} }
      const rabbit = await connect(url, { logger: silent })
      const worker = new Worker(rabbit, tasks, () => { throw new Error('it fails') }, ${options})
      ${SEND}
      await worker.start()
      ${next}
      ${CLOSE}`
    expect(await runProgram(vhost.url, body)).toEqual(NOTHING)
  })

  test('connecting to one who accepts and says nothing', async () => {
    const port = await serve(() => undefined)
    const body = `const rabbit = await connect(url, { startupTimeoutMs: Infinity })
      ${SEND.replace('await producer', 'const sent = producer')}
      sent.catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 100))
      ${CLOSE_ATTEMPT}`
    expect(await runProgram(`amqp://127.0.0.1:${port}`, body)).toEqual(NOTHING)
  })

  test('connecting to a port without a listener', async ({ proxy, vhost }) => {
    proxy.refuse()
    const body = `const rabbit = await connect(url, { startupTimeoutMs: Infinity })
      let failures = 0
      rabbit.on('connect-failed', () => { failures += 1 })
      ${meanwhile('failures > 2')}
      ${CLOSE_ATTEMPT}`
    expect(await runProgram(proxy.urlFor(vhost.url), body)).toEqual(AFTER_NOW)
  })

  test('in the middle of handshakes that are cut', async ({ proxy, vhost }) => {
    proxy.cutAfterServerBytes(300)
    const body = `const rabbit = await connect(url, { startupTimeoutMs: Infinity })
      let failures = 0
      rabbit.on('connect-failed', () => { failures += 1 })
      ${meanwhile('failures > 1')}
      ${CLOSE_ATTEMPT}`
    expect(await runProgram(proxy.urlFor(vhost.url), body)).toEqual(AFTER_NOW)
  })

  test('reconnecting, and waiting between two tries', async ({ proxy, vhost }) => {
    const body = `const rabbit = await connect(url)
      ${WORK}
      ${SEND}
      ${meanwhile("rabbit.state === 'reconnecting'")}
      producer.send({ n: 1 }).catch(() => undefined)
      ${CLOSE_ATTEMPT}`
    const ended = await runProgram(proxy.urlFor(vhost.url), body, (line) => {
      if (line !== 'now') return
      proxy.refuse()
      proxy.reset()
    })
    expect(ended).toEqual(AFTER_NOW)
  })

  test('connected to a broker that no longer answers', async ({ proxy, vhost }) => {
    const body = `const rabbit = await connect(url)
      ${WORK}
      ${SEND}
      let silent = false
      const probe = () => producer.send({ n: 1 }, { timeoutMs: 200 }).then(probe, () => { silent = true })
      probe()
      ${meanwhile('silent')}
      ${CLOSE}`
    const ended = await runProgram(proxy.urlFor(vhost.url), body, (line) => {
      if (line === 'now') proxy.blackHole()
    })
    expect(ended).toEqual(AFTER_NOW)
  })

  test('blocked by an alarm', async ({ ownBroker }) => {
    const body = `const rabbit = await connect(url)
      ${WORK}
      ${SEND}
      producer.send({ n: 1 }).catch(() => undefined)
      const probe = setInterval(() => producer.send({ n: 2 }).catch(() => undefined), 20)
      ${meanwhile("rabbit.state === 'blocked'")}
      clearInterval(probe)
      ${CLOSE}`
    let raised: Promise<unknown> | undefined
    const ended = await runProgram(ownBroker.url, body, () => {
      raised ??= raiseAlarm(ownBroker)
    })
    await raised
    expect(ended).toEqual(AFTER_NOW)
  })
})

describe('after a connect that failed no socket and no timer is left, and the program ends, when', () => {
  const SOON = { startupTimeoutMs: 400, connectTimeoutMs: 300 }
  const WHEN_REFUSED = {}
  /** For what a busy machine needs its time to find out. */
  const LATER = { startupTimeoutMs: 3_000, connectTimeoutMs: 3_000 }
  const failsAt = async (target: unknown, options = SOON as Partial<typeof SOON>): Promise<unknown> =>
    await runProgram(
      '',
      `await connect(${JSON.stringify(target)}, ${JSON.stringify(options)}).then(
        () => console.log('connected'),
        ({ reason }) => console.log(reason),
      )
      ${SHOW_SOON}`,
    )

  test('the password was wrong', async ({ vhost }) => {
    const target = { ...fieldsOf(vhost.url), password: 'wrong' }
    expect(await failsAt(target, WHEN_REFUSED)).toEqual({ ...NOTHING, lines: ['login-refused', '[]'] })
  })

  test('there was no such vhost', async ({ vhost }) => {
    const target = { ...fieldsOf(vhost.url), vhost: 'none' }
    expect(await failsAt(target, WHEN_REFUSED)).toEqual({ ...NOTHING, lines: ['vhost-not-found', '[]'] })
  })

  test('no server listened', async ({ proxy }) => {
    proxy.refuse()
    expect(await failsAt(proxy.url, LATER)).toEqual({ ...NOTHING, lines: ['unreachable', '[]'] })
  })

  test('no server answered', async () => {
    const port = await serve(() => undefined)
    expect(await failsAt(`amqp://127.0.0.1:${port}`)).toEqual({ ...NOTHING, lines: ['timeout', '[]'] })
  })

  test('its handshake was cut', async ({ vhost }) => {
    await using proxy = await startFaultProxy({ to: vhost.url })
    proxy.cutAfterServerBytes(300)
    expect(await failsAt(proxy.urlFor(vhost.url))).toEqual({ ...NOTHING, lines: [expect.any(String), '[]'] })
  })

  test('TLS met a plain port', async ({ vhost }) => {
    expect(await failsAt(vhost.url.replace('amqp:', 'amqps:'), LATER)).toEqual({
      ...NOTHING,
      lines: ['protocol', '[]'],
    })
  })

  test('asking a provider for credentials that never come', async ({ vhost }) => {
    const body = `const rabbit = await connect(url, {
        startupTimeoutMs: Infinity,
        connectTimeoutMs: 60_000,
        credentials: () => new Promise(() => {}),
      })
      ${CLOSE_ATTEMPT}`
    expect(await runProgram(vhost.url, body)).toEqual(NOTHING)
  })

  test('sending through an interceptor that never goes on', async ({ vhost }) => {
    const body = `const rabbit = await connect(url, { interceptors: [{ publish: () => new Promise(() => {}) }] })
      const sent = new Producer(rabbit, tasks).send({ n: 1 }).catch(({ outcome, message }) => outcome + message.slice(-33))
      ${CLOSE}
      console.log(await sent)`
    const lines = ['[]', 'not-sentthe connection has been closed']
    expect(await runProgram(vhost.url, body)).toMatchObject({ ...NOTHING, lines: [lines[0], expect.any(String)] })
  })
})

test('close takes no longer than it was given, also when a worker is already closing with more', async ({ vhost }) => {
  const body = `const rabbit = await connect(url)
    let started = false
    const worker = new Worker(rabbit, tasks, async () => { started = true; await new Promise(() => {}) })
    await worker.start()
    ${SEND}
    ${meanwhile('started')}
    void worker.close({ timeoutMs: 60_000 })
    const began = performance.now()
    await rabbit.close({ timeoutMs: 500 })
    console.log(performance.now() - began < 10_000)
    process.exit(0)`
  expect(await runProgram(vhost.url, body)).toMatchObject({ lines: ['now', 'true'], code: 0 })
})
