import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { type Printed, type PrintedSpan, runProgram } from './programs.js'

const CONSUMER = 4

/** The spans of each request, as how many levels deep each is. */
function depths({ spans }: Printed): number[][] {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const depthOf = ({ parent }: PrintedSpan): number => {
    const above = parent === undefined ? undefined : byId.get(parent)
    return above === undefined ? 0 : depthOf(above) + 1
  }
  const traces = new Set(spans.map(({ traceId }) => traceId))
  return [...traces].map((id) =>
    spans
      .filter(({ traceId }) => traceId === id)
      .map(depthOf)
      .sort(),
  )
}

const WHOLE = [0, 1, 2, 3, 4]

describe('requests of 10 B, of 20 KiB and with nested headers, over send, worker, publish and subscriber, are one whole trace each', () => {
  test('under @leveret/opentelemetry', async ({ vhost }) => {
    const printed = await runProgram('chain', { TRACERS: 'leveret', RABBITMQ_URL: vhost.url })
    expect(depths(printed)).toEqual([WHOLE, WHOLE, WHOLE])
    expect(printed.lines.filter((line) => line.includes('amqplib'))).toEqual([])
  })

  test('under the amqplib instrumentation alone, which is said once', async ({ vhost }) => {
    const printed = await runProgram('chain', { TRACERS: 'amqplib', RABBITMQ_URL: vhost.url })
    expect(depths(printed)).toEqual([WHOLE, WHOLE, WHOLE])
    expect(printed.lines.filter((line) => line.includes('every message through amqplib'))).toHaveLength(1)
  })

  test('under both, with no span twice and one warning', async ({ vhost }) => {
    const printed = await runProgram('chain', { TRACERS: 'both', RABBITMQ_URL: vhost.url })
    expect(depths(printed)).toEqual([WHOLE, WHOLE, WHOLE])
    expect(printed.spans.filter(({ kind }) => kind === CONSUMER)).toHaveLength(6)
    expect(printed.spans.filter(({ scope }) => scope.includes('amqplib'))).toEqual([])
    const warned = printed.lines.filter((line) => line.includes('OTEL_NODE_DISABLED_INSTRUMENTATIONS=amqplib'))
    expect(warned).toEqual([expect.stringMatching(/^warn /)])
  })
})

test('node --import @leveret/opentelemetry/register needs no line of the application', async ({ vhost }) => {
  const env = { TRACERS: 'none', RABBITMQ_URL: vhost.url }
  const printed = await runProgram('chain', env, ['--import', '@leveret/opentelemetry/register'])
  expect(depths(printed)).toEqual([WHOLE, WHOLE, WHOLE])
})

test.for(['LEVERET_FRAMES', 'nothing'])(
  'amqplib’s own publish is called for small messages under %s as it says',
  async (name, { vhost }) => {
    const { lines } = await runProgram('frames', { RABBITMQ_URL: vhost.url, [name]: 'amqplib' })
    expect(lines).toEqual(name === 'LEVERET_FRAMES' ? ['amqplib published 3'] : ['amqplib published 0'])
  },
)
