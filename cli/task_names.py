"""Work owed, in words."""

from graph_model.records.tasks import Task, TruncateSource


def task_name(task: Task) -> str:
    """What a task is about, on one line."""
    return f"truncation of {task.source}" if isinstance(task, TruncateSource) else "re-resolution of all records"
