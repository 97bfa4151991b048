# %% [markdown]
# {{exercise_header}}
#
# The loss of distillation, and its gradient by hand. NumPy is enough, and a check answers at once.

# %%
import numpy as np

from course_lib import check, finish

# %% [markdown]
# {{task:A}}


# %%
def kd_loss(zs, zt, y, T=4.0, alpha=0.9):
    # BEGIN SOLUTION
    if not T > 0 or not 0 <= alpha <= 1:
        raise ValueError(f"need T > 0 and alpha in [0, 1], got {T} and {alpha}")

    def log_softmax(z):
        z = np.asarray(z, np.float64)
        z = z - z.max(axis=1, keepdims=True)  # the largest exponent becomes 0: nothing overflows
        return z - np.log(np.exp(z).sum(axis=1, keepdims=True))

    student, teacher = log_softmax(np.asarray(zs) / T), log_softmax(np.asarray(zt) / T)
    soft = (np.exp(teacher) * (teacher - student)).sum(axis=1)
    hard = -log_softmax(zs)[np.arange(len(y)), np.asarray(y)]
    return float(np.mean(alpha * T**2 * soft + (1 - alpha) * hard))
    # END SOLUTION


# %%
check("6A")

# %% [markdown]
# {{task:B}}


# %%
def kd_grad(zs, zt, y, T, alpha):
    # BEGIN SOLUTION
    def softmax(z):
        z = np.asarray(z, np.float64)
        exponents = np.exp(z - z.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)

    soft = T * (softmax(np.asarray(zs) / T) - softmax(np.asarray(zt) / T))  # T squared over T
    hard = softmax(zs)
    hard[np.arange(len(y)), np.asarray(y)] -= 1
    return (alpha * soft + (1 - alpha) * hard) / len(y)
    # END SOLUTION


# %%
check("6B")

# %%
# NBVAL_CHECK_OUTPUT
finish("06")
