#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { banner, usage } from './banner.js'
import type { Version } from './broker/rules/profile.js'
import { startMemoryBroker } from './memory-broker.js'
import type { MemoryBrokerOptions } from './memory-broker-options.js'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5672' },
    'management-port': { type: 'string', default: '0' },
    like: { type: 'string', default: '4.3' },
    'transient-queues': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

if (values.help) process.stdout.write(usage)
else await run()

async function run(): Promise<void> {
  const options: MemoryBrokerOptions = {
    port: Number(values.port),
    managementPort: Number(values['management-port']),
    like: values.like as Version,
    ...(values['transient-queues'] ? { transientQueues: true } : {}),
  }
  const broker = await startMemoryBroker(options)
  process.stdout.write(banner(broker))
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void broker.close().then(() => process.exit(0)))
}
