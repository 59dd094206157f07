import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect } from 'vitest'
import { type Interceptor, Producer, Worker } from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'

describe('interceptors', () => {
  test('go around every send and every handler, the first outermost, and carry a context across', async ({
    connectTo,
  }) => {
    const steps: string[] = []
    const context = new AsyncLocalStorage<string>()
    const named = (name: string): Interceptor => ({
      async publish({ messageId, routingKey }, next) {
        steps.push(`${name} sends ${messageId} to ${routingKey}`)
        await next()
        steps.push(`${name} sent`)
      },
      async handle({ attempt }, next) {
        steps.push(`${name} handles attempt ${attempt}`)
        await next()
        steps.push(`${name} handled`)
      },
    })
    const tracing: Interceptor = {
      publish: async (_message, next) => await next({ traceparent: context.getStore() ?? 'none' }),
      handle: async ({ headers: { traceparent } }, next) => await context.run(String(traceparent), next),
    }
    const rabbit = await connectTo({ interceptors: [named('outer'), tracing, named('inner')] })
    await context.run('trace-1', async () => {
      await new Producer(rabbit, tasks).send({ n: 1 }, { messageId: 'm1', headers: { tenant: 'acme' } })
    })
    const traces: unknown[] = []
    const worker = new Worker(rabbit, tasks, (_task, { headers: { tenant } }) => {
      traces.push(context.getStore(), tenant)
      steps.push('handler')
    })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await acked
    expect(traces).toEqual(['trace-1', 'acme'])
    expect(steps).toEqual([
      'outer sends m1 to tasks',
      'inner sends m1 to tasks',
      'inner sent',
      'outer sent',
      'outer handles attempt 1',
      'inner handles attempt 1',
      'handler',
      'inner handled',
      'outer handled',
    ])
  })

  test('that add a reserved header, throw, or never go on fail the send as not sent', async ({ connectTo, vhost }) => {
    const misbehave: Record<string, Interceptor['publish']> = {
      reserved: async (_message, next) => await next({ 'x-death': [] }),
      throws: async () => {
        throw new Error('no tenant')
      },
      forgets: async () => undefined,
      hangs: async () => await new Promise(() => undefined),
    }
    let how = ''
    const publish: Interceptor['publish'] = async (message, next) => await (misbehave[how]?.(message, next) ?? next())
    const rabbit = await connectTo({ interceptors: [{ publish }] })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 0 })
    const failure = async (kind: string): Promise<unknown> => {
      how = kind
      return await producer.send({ n: 1 }, { timeoutMs: 300 }).catch((error: unknown) => error)
    }
    expect(await failure('reserved')).toMatchObject({
      outcome: 'not-sent',
      message: expect.stringContaining('x-death'),
    })
    expect(await failure('throws')).toMatchObject({
      outcome: 'not-sent',
      message: expect.stringContaining('no tenant'),
    })
    expect(await failure('forgets')).toMatchObject({ outcome: 'not-sent', message: expect.stringContaining('next()') })
    expect(await failure('hangs')).toMatchObject({ outcome: 'not-sent', message: expect.stringContaining('300 ms') })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })

  test('cannot make a failed send succeed, nor hide that a message was stored', async ({
    connectTo,
    broker,
    vhost,
  }) => {
    let throwAfter = false
    const rabbit = await connectTo({
      interceptors: [
        {
          async publish(_message, next) {
            await next().catch(() => undefined)
            if (throwAfter) throw new Error('afterthought')
          },
        },
      ],
    })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    await broker.management.deleteQueue(vhost.name, 'tasks')
    await expect(producer.send({ n: 2 })).rejects.toMatchObject({ outcome: 'returned' })
    throwAfter = true
    await expect(producer.send({ n: 3 })).rejects.toMatchObject({
      outcome: 'unknown',
      message: expect.stringContaining('confirmed, and then an interceptor failed: afterthought'),
    })
  })

  test('whose next comes too late send nothing', async ({ connectTo, vhost }) => {
    const hold = gate()
    const late: unknown[] = []
    const rabbit = await connectTo({
      interceptors: [
        {
          async publish({ messageId }, next) {
            if (messageId === 'slow') await hold.opened
            await next().catch((error: unknown) => late.push(error))
          },
        },
      ],
    })
    const producer = new Producer(rabbit, tasks)
    await expect(producer.send({ n: 1 }, { messageId: 'slow', timeoutMs: 100 })).rejects.toMatchObject({
      outcome: 'not-sent',
    })
    hold.open()
    await eventually(() => expect(late).toMatchObject([{ name: 'PublishError', outcome: 'not-sent' }]))
    await producer.send({ n: 2 })
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 1 }))
  })

  test('that return the promise of next as it is have the answer of the broker, the limits of the send, and the handler', async ({
    connectTo,
    broker,
    vhost,
  }) => {
    const seen: string[] = []
    const named = (name: string): Interceptor => ({
      publish: (_message, next) => {
        seen.push(`${name} sends`)
        return next({ [name]: 'was here' })
      },
      handle: (_delivery, next) => {
        seen.push(`${name} handles`)
        return next()
      },
    })
    const rabbit = await connectTo({ interceptors: [named('outer'), named('inner')] })
    const producer = new Producer(rabbit, tasks)
    const attempts: unknown[] = []
    const worker = new Worker(rabbit, tasks, (_task, { attempt, headers: { outer, inner } }) => {
      attempts.push([attempt, outer, inner])
      if (attempt === 1) throw new Error('no luck')
    })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await producer.send({ n: 1 })
    await acked
    expect(attempts).toEqual([
      [1, 'was here', 'was here'],
      [2, 'was here', 'was here'],
    ])
    expect(seen.slice(0, 2)).toEqual(['outer sends', 'inner sends'])
    expect(seen.slice(2)).toEqual(['outer handles', 'inner handles', 'outer handles', 'inner handles'])
    await worker.close()
    await broker.management.deleteQueue(vhost.name, 'tasks')
    await expect(producer.send({ n: 2 })).rejects.toMatchObject({ outcome: 'returned' })
    const sending = new AbortController()
    const given = producer.send({ n: 3 }, { signal: sending.signal })
    sending.abort(new Error('enough'))
    await expect(given).rejects.toMatchObject({ name: 'PublishError', cause: { message: 'enough' } })
  })

  test('that fail around a handler fail the attempt, and cannot hide that it failed', async ({ connectTo }) => {
    const attempts: string[] = []
    const rabbit = await connectTo({
      interceptors: [
        {
          async handle({ attempt }, next) {
            if (attempt === 1) throw new Error('no context')
            await next().catch(() => undefined)
          },
        },
      ],
    })
    const worker = new Worker(rabbit, tasks, (_task, { attempt }) => {
      attempts.push(`handler ${attempt}`)
      if (attempt === 2) throw new Error('no luck')
    })
    worker.on('delivery.retried', ({ failure }) => attempts.push(failure.message))
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await acked).toMatchObject({ attempt: 3 })
    expect(attempts).toEqual(['no context', 'handler 2', 'no luck', 'handler 3'])
  })

  test('may call next from anywhere: a refusal is a rejection, and not retryable when only a change of code helps', async ({
    connectTo,
  }) => {
    const publish: Interceptor['publish'] = (_message, next) =>
      new Promise((resolve, reject) => {
        setImmediate(() => next({ 'x-death': 'acme' }).then(resolve, reject))
      })
    const rabbit = await connectTo({ interceptors: [{ publish }] })
    await expect(new Producer(rabbit, tasks).send({ n: 1 })).rejects.toMatchObject({
      outcome: 'not-sent',
      retryable: false,
      cause: { name: 'OptionsError' },
    })
  })

  test('cannot begin an attempt that has been given up', async ({ connectTo }) => {
    const hold = gate()
    const late: unknown[] = []
    const handled: number[] = []
    const handle: Interceptor['handle'] = async ({ attempt }, next) => {
      if (attempt === 1) await hold.opened
      await next().catch((error: unknown) => late.push(error))
    }
    const rabbit = await connectTo({ interceptors: [{ handle }] })
    const worker = new Worker(rabbit, tasks, (_task, { attempt }) => void handled.push(attempt), {
      handlerTimeoutMs: 100,
    })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    expect(await acked).toMatchObject({ attempt: 2 })
    hold.open()
    await eventually(() => expect(late).toMatchObject([{ name: 'HandlerTimeout' }]))
    expect(handled).toEqual([2])
  })

  test('of an impossible kind are refused at the door', async ({ connectTo }) => {
    const interceptors = [{ publish: 'yes' }] as unknown as Interceptor[]
    await expect(connectTo({ interceptors })).rejects.toMatchObject({ name: 'OptionsError' })
  })
})
