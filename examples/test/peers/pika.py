"""RabbitMQ's Python tutorials 1 to 6, written anew on pika. It prints what the JavaScript tutorials print.

Usage: python3 pika.py send|receive|new-task|worker [text]
       python3 pika.py emit-log [text] | emit-log-direct severity [text] | emit-log-topic key [text]
       python3 pika.py receive-logs | receive-logs-direct severity... | receive-logs-topic pattern...
       python3 pika.py rpc-client [n] | rpc-server
"""
import os
import sys
import uuid

# This file is called like the library it uses; Python would find it first.
sys.path.pop(0)
import pika  # noqa: E402

program, *words = sys.argv[1:]
classic = os.environ.get('TUTORIAL_QUEUES') == 'classic'
quorum = {'durable': True, 'arguments': {'x-queue-type': 'quorum'}}
queues = {
    'hello': {'durable': False} if classic else quorum,
    'task_queue': {'durable': True} if classic else quorum,
}

connection = pika.BlockingConnection(pika.URLParameters(os.environ['RABBITMQ_URL']))
channel = connection.channel()


def put(queue, text):
    channel.queue_declare(queue=queue, **queues[queue])
    persistent = pika.BasicProperties(delivery_mode=2)
    channel.basic_publish(exchange='', routing_key=queue, body=text, properties=persistent)
    sent = text if queue == 'hello' else f"'{text}'"
    print(f' [x] Sent {sent}', flush=True)
    connection.close()


def take(queue):
    def callback(ch, method, properties, body):
        print(f' [x] Received {body.decode()}', flush=True)
        if queue == 'task_queue':
            print(' [x] Done', flush=True)
        ch.basic_ack(delivery_tag=method.delivery_tag)

    channel.queue_declare(queue=queue, **queues[queue])
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue=queue, on_message_callback=callback)
    where = ' in hello' if queue == 'hello' else ''
    print(f' [*] Waiting for messages{where}. To exit press CTRL+C', flush=True)
    channel.start_consuming()


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def answer(queue):
    def callback(ch, method, properties, body):
        n = int(body)
        print(f' [.] fib({n})', flush=True)
        reply = pika.BasicProperties(correlation_id=properties.correlation_id)
        ch.basic_publish(exchange='', routing_key=properties.reply_to, properties=reply, body=str(fib(n)))
        ch.basic_ack(delivery_tag=method.delivery_tag)

    channel.queue_declare(queue=queue, **quorum)
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue=queue, on_message_callback=callback)
    print(' [x] Awaiting RPC requests', flush=True)
    channel.start_consuming()


def ask(queue, n):
    reply_to = channel.queue_declare(queue='', exclusive=True).method.queue
    correlation_id = str(uuid.uuid4())

    def callback(ch, method, properties, body):
        if properties.correlation_id == correlation_id:
            print(f' [.] Got {int(body)}', flush=True)
            ch.stop_consuming()

    channel.basic_consume(queue=reply_to, on_message_callback=callback, auto_ack=True)
    print(f' [x] Requesting fib({n})', flush=True)
    request = pika.BasicProperties(reply_to=reply_to, correlation_id=correlation_id)
    channel.basic_publish(exchange='', routing_key=queue, properties=request, body=n)
    channel.start_consuming()
    connection.close()


def emit(exchange, kind, key, text):
    channel.exchange_declare(exchange=exchange, exchange_type=kind)
    channel.basic_publish(exchange=exchange, routing_key=key, body=text)
    print(f' [x] Sent {line(kind, key, text)}', flush=True)
    connection.close()


def listen(exchange, kind, keys):
    def callback(ch, method, properties, body):
        print(f' [x] {line(kind, method.routing_key, body.decode())}', flush=True)

    channel.exchange_declare(exchange=exchange, exchange_type=kind)
    queue = channel.queue_declare(queue='', exclusive=True).method.queue
    for key in keys:
        channel.queue_bind(exchange=exchange, queue=queue, routing_key=key)
    what = f'messages in {queue}' if kind == 'fanout' else 'logs'
    print(f' [*] Waiting for {what}. To exit press CTRL+C', flush=True)
    channel.basic_consume(queue=queue, on_message_callback=callback, auto_ack=True)
    channel.start_consuming()


def line(kind, key, text):
    return {'fanout': text, 'direct': f"{key}: '{text}'", 'topic': f"{key}:'{text}'"}[kind]


{
    'send': lambda: put('hello', 'Hello World!'),
    'receive': lambda: take('hello'),
    'new-task': lambda: put('task_queue', ' '.join(words)),
    'worker': lambda: take('task_queue'),
    'rpc-server': lambda: answer('rpc_queue'),
    'rpc-client': lambda: ask('rpc_queue', words[0] if words else '30'),
    'emit-log': lambda: emit('logs', 'fanout', '', ' '.join(words)),
    'receive-logs': lambda: listen('logs', 'fanout', ['']),
    'emit-log-direct': lambda: emit('direct_logs', 'direct', words[0], ' '.join(words[1:])),
    'receive-logs-direct': lambda: listen('direct_logs', 'direct', words),
    'emit-log-topic': lambda: emit('topic_logs', 'topic', words[0], ' '.join(words[1:])),
    'receive-logs-topic': lambda: listen('topic_logs', 'topic', words),
}[program]()
