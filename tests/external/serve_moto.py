"""moto's server, one request at a time. Usage: serve_moto.py PORT

moto itself answers each request on a thread of its own, and its transactions are not isolated from one another: of 32
creations of one external id at once, two come through. DynamoDB's are isolated, so here they queue.
"""

import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
