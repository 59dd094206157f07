import { connect } from 'leveret'
import { findBroker } from './broker.js'
import { runJob } from './job.js'
import { printTable } from './table.js'

await using broker = await findBroker()
console.log(`\n${broker.description}\n`)

await using rabbit = await connect(broker.url, { name: 'leveret demo' })
rabbit
  .on('disconnected', ({ lane, reason }) => console.log(`  the ${lane} connection is gone: ${reason.message}`))
  .on('connected', ({ lane }) => console.log(`  the ${lane} connection is open`))

const result = await runJob(rabbit)
printTable(result)
process.exitCode = result.lost === 0 ? 0 : 1
