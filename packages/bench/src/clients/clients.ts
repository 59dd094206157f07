import { amqplib, amqplibZod } from './amqplib.js'
import type { Client } from './client.js'
import { cloudamqp } from './cloudamqp.js'
import { connectionManager } from './connection-manager.js'
import { leveret } from './leveret.js'
import { rabbitmqClient } from './rabbitmq-client.js'
import { rascal } from './rascal.js'

/** The clients that do all of the work. The others are compared with the first. */
export const trio: readonly [Client, Client, Client] = [amqplib, amqplibZod, leveret]

/** Other clients, for the headline cases. */
export const peers: readonly Client[] = [connectionManager, rabbitmqClient, cloudamqp, rascal]

/** Packages whose versions belong to the figures. */
export const packages: readonly string[] = [amqplib, leveret, ...peers].map(({ name }) => name)
