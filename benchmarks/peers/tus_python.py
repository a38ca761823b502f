"""tuspyserver on uvicorn with its files in the folder named by the first argument; says its port.

Runs in an environment of its own (requirements.txt beside it).
"""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router


async def main() -> None:
    app = FastAPI()
    app.include_router(create_tus_router(prefix="v1/uploads", files_dir=sys.argv[1]))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        await uvicorn.Server(uvicorn.Config(app, log_level="critical")).serve([listener])


if __name__ == "__main__":
    asyncio.run(main())
