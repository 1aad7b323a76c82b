"""Speed for an existing agent, whose files stay as they are: see `accelerate`.

The pieces: what may be replaced (`target`) and by what (`native`), the comparison that comes first
(`probe`, `proof`, `compare`), the replacement (`trampoline`, `replacement`) with its look at names
that somebody may change (`watch`), and for whole commands the start-up hook (`hook`, `startup`),
its launcher (`launch`) and the last line (`report`).
"""

from eventkit.accelerate.function import AccelerationWarning, accelerate
from eventkit.accelerate.handle import Handle

__all__ = ["AccelerationWarning", "Handle", "accelerate"]
