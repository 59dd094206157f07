import { test as base } from '@leveret/testing/vitest'
import { trace } from '@opentelemetry/api'
import { type Connection, connect } from 'leveret'
import { beforeEach, onTestFinished } from 'vitest'
import { z } from 'zod'
import { instrument } from '../src/index.js'
import { Spans } from './spans.js'

export const spans: Spans = new Spans()
const tracer = trace.getTracer('test')

/** What most messages hold. */
export const text: z.ZodObject<{ text: z.ZodString }> = z.object({ text: z.string() })

/** A test with a connection that logs nothing. */
export const test = base.extend<{ rabbit: Connection }>({
  rabbit: async ({ vhost }, use) => {
    const rabbit = await connect(vhost.url, { logger: { debug() {}, info() {}, warn() {}, error() {} } })
    await use(rabbit)
    await rabbit.close({ timeoutMs: 2_000 })
  },
})

/** Makes spans of all that the tests of this file do. */
export function traceEachTest(): void {
  beforeEach(() => {
    spans.reset()
    onTestFinished(instrument())
  })
}

/** Does something as the handler of a request would. @returns the id of its trace */
export async function inRequest(work: () => Promise<unknown>): Promise<string> {
  return await tracer.startActiveSpan('POST', async (span) => {
    await work()
    span.end()
    return span.spanContext().traceId
  })
}
