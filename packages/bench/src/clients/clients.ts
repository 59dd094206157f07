import { amqplib } from './amqplib.js'
import type { Client } from './client.js'
import { cloudamqp } from './cloudamqp.js'
import { connectionManager } from './connection-manager.js'
import { leveret } from './leveret.js'
import { rabbitmqClient } from './rabbitmq-client.js'
import { rascal } from './rascal.js'

/** The two clients that do all of the work. The others are compared with the first. */
export const pair: readonly [Client, Client] = [amqplib, leveret]

/** Other clients, for the headline cases. */
export const peers: readonly Client[] = [connectionManager, rabbitmqClient, cloudamqp, rascal]
