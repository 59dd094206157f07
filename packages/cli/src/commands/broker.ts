import { once } from 'node:events'
import type { Version } from '@leveret/memory-broker'
import { Option } from 'commander'
import { acts, command, type Runner } from '../program/command.js'
import type { Context } from '../program/context.js'
import { EXIT, type ExitCode, NotDoneError } from '../program/exit.js'
import { jsonText } from '../terminal/json.js'

interface BrokerCommandOptions {
  readonly port: string
  readonly managementPort: string
  readonly like: Version
  readonly json?: boolean
}

/** `leveret broker` */
export function brokerCommand(runner: Runner) {
  const made = command(
    'broker',
    'Runs a broker in memory that behaves like RabbitMQ, until Ctrl-C. It is for tests, and stores nothing on disk.',
    ['leveret broker --port 0 --management-port 0'],
  )
  made
    .option('--port <port>', 'port of AMQP; 0 chooses a free one', '5672')
    .option('--management-port <port>', 'port of the management API; 0 chooses a free one', '15672')
    .addOption(
      new Option('--like <version>', 'the version of RabbitMQ to behave like')
        .choices(['3.10', '4.0', '4.3'])
        .default('4.3'),
    )
    .option('--json', 'write the addresses as JSON')
  return acts(made, runner, runBroker)
}

async function runBroker(
  { terminal, signal }: Context,
  { port, managementPort, like, json }: BrokerCommandOptions,
): Promise<ExitCode> {
  const { startMemoryBroker } = await import('@leveret/memory-broker')
  const broker = await startMemoryBroker({ port: Number(port), managementPort: Number(managementPort), like }).catch(
    (cause: unknown) => {
      throw new NotDoneError(`The broker did not start: ${cause instanceof Error ? cause.message : cause}`, { cause })
    },
  )
  const { url, managementUrl, version } = broker
  if (json) await terminal.print(jsonText({ version, url, managementUrl }))
  else
    await terminal.print(
      `behaves like RabbitMQ ${version}, for tests\nAMQP        ${url}\nmanagement  ${managementUrl}`,
    )
  terminal.say('Ctrl-C ends it. Nothing is stored on disk.')
  if (!signal.aborted) await once(signal, 'abort')
  await broker.close()
  return EXIT.interrupted
}
