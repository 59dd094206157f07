import { eventually } from '@leveret/testing/vitest'
import { DiagLogLevel, diag, propagation } from '@opentelemetry/api'
import { NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { Producer, Worker, workQueue } from 'leveret'
import { expect, onTestFinished } from 'vitest'
import { instrument } from '../src/index.js'
import { test, text } from './fixtures.js'

const broken = (): never => {
  throw new Error('the backend is gone')
}

test('a span processor and a propagator that throw cost no message and do not end the process', async ({ rabbit }) => {
  const said: unknown[] = []
  const note = (...words: unknown[]): void => void said.push(words.join(' '))
  diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.ERROR)
  onTestFinished(() => diag.disable())
  const processor: SpanProcessor = {
    onStart: () => undefined,
    onEnd: broken,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  }
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [processor] })
  propagation.disable()
  propagation.setGlobalPropagator({ inject: broken, extract: broken, fields: () => [] })
  onTestFinished(instrument({}, { tracerProvider }))
  const uncaught: unknown[] = []
  const listener = (error: unknown): void => void uncaught.push(error)
  process.on('uncaughtException', listener)
  onTestFinished(() => void process.off('uncaughtException', listener))

  const queue = workQueue('tasks', { payload: text })
  const handled: string[] = []
  const worker = new Worker(rabbit, queue, (task) => void handled.push(task.text))
  await worker.start()
  const producer = new Producer(rabbit, queue)
  for (const name of ['a', 'b']) await producer.send({ text: name })

  await eventually(() => expect(handled).toEqual(['a', 'b']))
  await eventually(() => expect(said.length).toBeGreaterThan(1))
  expect(said[0]).toMatch(/tracing:leveret:publish:\w+ failed .*the backend is gone/)
  expect(uncaught).toEqual([])
})
