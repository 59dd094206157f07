import { describe, expect } from 'vitest'
import { closeOnSignals } from '../../src/index.js'
import { runProgram } from '../support/program.js'
import { test } from '../support/support.js'

/** An HTTP server at `origin` whose idle connections would stay for ten minutes, and `ask`, which keeps its connection alive. */
const SERVER = `import http from 'node:http'
  const server = http.createServer({ keepAliveTimeout: 600_000 }, (request, response) => serve(request, response))
  const agent = new http.Agent({ keepAlive: true })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ask = (path) => new Promise((resolve, reject) => {
    http.get({ port: server.address().port, host: '127.0.0.1', path, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    }).on('error', reject)
  })
  server.once('close', () => console.log('server closed'))`

const RABBIT = `const rabbit = await connect(url)
  rabbit.on('closed', () => console.log('rabbit closed'))
  const pool = { async close() { console.log('pool closed') } }
  const signal = () => process.kill(process.pid, 'SIGTERM')`

describe('on a signal', () => {
  test('a server answers what it was asked, then a worker ends its task, then a pool is closed; idle connections cost nothing', async ({
    vhost,
  }) => {
    const body = `${SERVER}
      ${RABBIT}
      let serve = (_request, response) => response.end('idle')
      await ask('/')
      const worker = new Worker(rabbit, tasks, async () => {
        serve = (_request, response) => {
          signal()
          setTimeout(() => response.end('slow', () => console.log('answered')), 300)
        }
        const closed = new Promise((resolve) => server.on('close', resolve))
        const code = await ask('/')
        await closed
        console.log('task done', code)
      })
      closeOnSignals([server, rabbit, pool])
      await worker.start()
      await new Producer(rabbit, tasks).send({ n: 1 })`
    expect(await runProgram(vhost.url, body)).toEqual({
      lines: ['answered', 'server closed', 'task done 200', 'rabbit closed', 'pool closed'],
      stderr: '',
      code: 0,
    })
  })

  test('that something else keeps the process alive is said, a second after all is closed', async ({ vhost }) => {
    const body = `${RABBIT}
      closeOnSignals(rabbit)
      const late = new Worker(await connect(url), tasks, () => undefined)
      signal()
      await new Promise((resolve) => rabbit.on('closed', resolve))
      await late.start()
      process.on('warning', ({ message }) => {
        console.log(message)
        process.exit()
      })`
    const { lines, code } = await runProgram(vhost.url, body)
    expect({ lines, code }).toEqual({
      lines: [
        'rabbit closed',
        'leveret: closeOnSignals has closed everything, but something else keeps the process alive, for example a server that began to listen later',
      ],
      code: 0,
    })
  })

  test('a failure is reported, the others are closed, and the exit code is 1', async ({ vhost }) => {
    const body = `${RABBIT}
      class Pool { async close() { throw new Error('no such pool') } }
      class Cache { close() { throw new Error('synchronous') } }
      const socket = { [Symbol.asyncDispose]: async () => console.log('socket closed') }
      closeOnSignals([new Pool(), new Cache(), socket, rabbit, pool])
      signal()`
    const { lines, stderr, code } = await runProgram(vhost.url, body)
    expect({ lines, code }).toEqual({ lines: ['socket closed', 'rabbit closed', 'pool closed'], code: 1 })
    expect(stderr).toContain('closeOnSignals could not close argument 1 (the Pool): no such pool')
    expect(stderr).toContain('closeOnSignals could not close argument 2 (the Cache): synchronous')
  })

  test('a timeout is reported, and the others are closed', async ({ vhost }) => {
    const body = `${SERVER}
      ${RABBIT}
      const serve = () => signal()
      closeOnSignals([server, { close: () => new Promise(() => {}) }, rabbit, pool], { timeoutMs: 300 })
      ask('/').catch(({ code }) => console.log('cut off', code))`
    const { lines, stderr, code } = await runProgram(vhost.url, body)
    expect(lines.slice().sort()).toEqual(['cut off ECONNRESET', 'pool closed', 'rabbit closed', 'server closed'])
    expect(code).toBe(1)
    expect(stderr).toContain('closeOnSignals could not close argument 1 (the Server): it took longer than')
    expect(stderr).toContain('closeOnSignals could not close argument 2 (an object): it took longer than')
  })

  test('a role alone closes in the time that is given for it, and what it held comes again', async ({ vhost }) => {
    const body = `${RABBIT}
      const worker = new Worker(rabbit, tasks, (_task, { signal: aborted }) => {
        signal()
        return new Promise((resolve) => aborted.addEventListener('abort', resolve))
      })
      worker.on('delivery.given-back', () => console.log('given back'))
      closeOnSignals([worker, rabbit], { timeoutMs: 1_500 })
      await worker.start()
      await new Producer(rabbit, tasks).send({ n: 1 })`
    const began = performance.now()
    expect(await runProgram(vhost.url, body)).toEqual({ lines: ['given back', 'rabbit closed'], stderr: '', code: 0 })
    // The 25 s that close() takes by default.
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test('the logger of the connection gets what fails, and an exit code of the program stays', async ({ vhost }) => {
    const body = `const say = (level) => ({ err, ...fields }, message) => console.log(level, message)
      const logger = { debug() {}, info() {}, warn: say('warn'), error: say('error') }
      const rabbit = await connect(url, { logger })
      process.exitCode = 7
      closeOnSignals([{ close: () => Promise.reject(new Error('broken')) }, rabbit], { signals: ['SIGUSR2'] })
      process.kill(process.pid, 'SIGUSR2')`
    expect(await runProgram(vhost.url, body)).toEqual({
      lines: ['warn leveret: closeOnSignals could not close argument 1 (an object): broken'],
      stderr: '',
      code: 7,
    })
  })

  test('a second one ends the program at once, amid whatever is closed', async ({ vhost }) => {
    const body = `${RABBIT}
      const stuck = { close: () => { setTimeout(signal, 100); return new Promise(() => {}) } }
      closeOnSignals([stuck, rabbit])
      signal()`
    expect(await runProgram(vhost.url, body)).toEqual({ lines: [], stderr: '', code: undefined })
  })

  test('a server that was closed before is no failure', async ({ vhost }) => {
    const body = `${SERVER}
      ${RABBIT}
      closeOnSignals([server, rabbit])
      server.close(signal)`
    expect(await runProgram(vhost.url, body)).toEqual({
      lines: ['server closed', 'rabbit closed'],
      stderr: '',
      code: 0,
    })
  })
})

describe('closeOnSignals', () => {
  test.for<[string, unknown, object | undefined, string]>([
    ['nothing', [], undefined, 'the list is empty'],
    ['what has no close', [{ close() {} }, { end() {} }], undefined, 'argument 2 has neither close()'],
    ['a promise', Promise.resolve(), undefined, 'argument 1 is a promise: await it first'],
    ['undefined', undefined, undefined, 'argument 1 has neither close()'],
    ['a list of signals', { close() {} }, ['SIGINT'], 'the options are a list: expected an object'],
    ['a signal that cannot be caught', { close() {} }, { signals: ['SIGKILL'] }, 'signals.0: expected a signal'],
    ['a signal that does not exist', { close() {} }, { signals: ['SIGFOO'] }, 'signals.0: expected a signal'],
    ['no signals', { close() {} }, { signals: [] }, 'signals'],
    ['no time', { close() {} }, { timeoutMs: -1 }, 'timeoutMs'],
  ])('refuses %s, and listens to no signal', ([_name, closables, options, message]) => {
    const before = process.listenerCount('SIGTERM')
    const call = closeOnSignals as (...args: unknown[]) => unknown
    expect(() => call(closables, options)).toThrow(expect.objectContaining({ name: 'OptionsError' }))
    expect(() => call(closables, options)).toThrow(message)
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })
})
