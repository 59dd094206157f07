/**
 * The names of OpenTelemetry's conventions for messaging, version 1.44, and leveret's own. All of those conventions are
 * still in development, and their names may change. So the names are copied here, as the conventions advise.
 *
 * @see https://github.com/open-telemetry/semantic-conventions/tree/v1.44.0/docs/messaging
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.44.0'

/** The name of the scope of spans and metrics. */
export const SCOPE = '@leveret/opentelemetry'

/** The version in `package.json`. A test compares the two. */
export const VERSION = '0.1.0'

export const SYSTEM = 'messaging.system'
export const RABBITMQ = 'rabbitmq'
export const OPERATION_NAME = 'messaging.operation.name'
export const OPERATION_TYPE = 'messaging.operation.type'
export const DESTINATION_NAME = 'messaging.destination.name'
export const DESTINATION_TEMPLATE = 'messaging.destination.template'
export const DESTINATION_ANONYMOUS = 'messaging.destination.anonymous'
export const DESTINATION_TEMPORARY = 'messaging.destination.temporary'
export const ROUTING_KEY = 'messaging.rabbitmq.destination.routing_key'
export const DELIVERY_TAG = 'messaging.rabbitmq.message.delivery_tag'
export const MESSAGE_ID = 'messaging.message.id'
export const CONVERSATION_ID = 'messaging.message.conversation_id'
export const BODY_SIZE = 'messaging.message.body.size'
export const BATCH_COUNT = 'messaging.batch.message_count'
export const SERVER_ADDRESS = 'server.address'
export const SERVER_PORT = 'server.port'
export const ERROR_TYPE = 'error.type'

export const OUTCOME = 'leveret.outcome'
export const RESENT = 'leveret.resent'
export const ATTEMPT = 'leveret.attempt'
export const SETTLEMENT = 'leveret.settlement'
export const DEAD_LETTER_REASON = 'leveret.dead_letter.reason'
export const LANE = 'leveret.lane'
