import { expect } from 'vitest'
import { runProgram } from './program.js'
import { eventually, test } from './support.js'

test('SIGTERM under load: what was published is processed, waiting or kept, and the program ends with 0', async ({
  vhost,
}) => {
  const body = `const rabbit = await connect(url)
    let published = 0, processed = 0, kept = 0
    const worker = new Worker(rabbit, tasks, async ({ n }, { attempt }) => {
      await new Promise((resolve) => setTimeout(resolve, n % 40))
      if (n % 10 === 0 && attempt === 1) throw new Error('every tenth')
    }, { concurrency: 50 })
    worker.on('delivery.acked', () => { processed += 1 })
    worker.on('delivery.retried', () => { kept += 1 })
    await worker.start()
    closeOnSignals(rabbit)
    const producer = new Producer(rabbit, tasks)
    const load = setInterval(() => {
      for (let n = 0; n < 10; n += 1) producer.send({ n: published + n }).then(() => { published += 1 }, () => undefined)
    }, 20)
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1_500)
    rabbit.on('closed', () => {
      clearInterval(load)
      console.log(JSON.stringify({ published, processed, kept }))
    })`
  const { lines, stderr, code } = await runProgram(vhost.url, body)
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  const { published, processed, kept } = JSON.parse(lines[0] ?? '{}') as Record<string, number>
  expect(published).toBeGreaterThan(200)
  await eventually(async () => {
    const { messages_unacknowledged: unacknowledged, messages_ready: ready = 0 } = await vhost.queue('tasks')
    expect(unacknowledged).toBe(0)
    // What failed waits in the queue of its delay, or has come back from it.
    const { messages: delayed = 0 } = await vhost.queue('tasks.retry.1000')
    expect((processed ?? 0) + ready + delayed).toBe(published)
  })
  expect(kept).toBeGreaterThan(0)
})

test('a second signal ends the program at once', async ({ vhost }) => {
  const body = `const rabbit = await connect(url)
    closeOnSignals(rabbit, ['SIGINT'])
    const worker = new Worker(rabbit, tasks, async () => {
      process.kill(process.pid, 'SIGINT')
      await new Promise((resolve) => setTimeout(resolve, 300))
      console.log('still closing')
      process.kill(process.pid, 'SIGINT')
      await new Promise(() => {})
    })
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })`
  expect(await runProgram(vhost.url, body)).toEqual({ lines: ['still closing'], stderr: '', code: undefined })
})

test('after it was called off, or after close, signals are left alone', async ({ vhost }) => {
  const body = `const rabbit = await connect(url)
    const count = () => process.listenerCount('SIGTERM')
    const callOff = closeOnSignals(rabbit, ['SIGTERM'])
    console.log(count())
    callOff()
    console.log(count())
    closeOnSignals(rabbit, ['SIGTERM'])
    await rabbit.close()
    console.log(count())`
  expect(await runProgram(vhost.url, body)).toEqual({ lines: ['1', '0', '0'], stderr: '', code: 0 })
})
