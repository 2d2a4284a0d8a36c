#include "cli/via_message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace cordon::cli {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr size_t kMostSent = kMostDescriptors + 1;

std::string packed(const ViaCommand& command) {
  std::string bytes = command.directory + '\0';
  for (const auto* words : {&command.argv, &command.environment})
    for (const std::string& word : *words) bytes += word + '\0';
  return bytes;
}

Fd sealed(const std::string& bytes) {
  Fd file(memfd_create("cordon-request", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (size_t done = 0; file && done < bytes.size();) {
    const ssize_t count = write(file.get(), bytes.data() + done, bytes.size() - done);
    if (count <= 0) return Fd();
    done += static_cast<size_t>(count);
  }
  if (file && fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return Fd();
  return file;
}

Diagnostic no_request(const char* why) {
  Diagnostic problem;
  problem.code = "usage";
  problem.message = std::string("what was asked for is no request: ") + why;
  problem.hint = "cordon run --via of the same version asks";
  return problem;
}

// Everything that came along is owned, whatever becomes of the request.
struct Message {
  ViaRequest request;
  std::vector<Fd> descriptors;
  ssize_t size = -1;
  bool is_cut = false;
};

Message receive_message(int socket) {
  Message message;
  iovec bytes{&message.request, sizeof message.request};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostSent)];
  msghdr raw{};
  raw.msg_iov = &bytes;
  raw.msg_iovlen = 1;
  raw.msg_control = control;
  raw.msg_controllen = sizeof control;
  do message.size = recvmsg(socket, &raw, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  while (message.size < 0 && errno == EINTR);
  if (message.size < 0) return message;
  message.is_cut = (raw.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0;
  for (cmsghdr* head = CMSG_FIRSTHDR(&raw); head != nullptr; head = CMSG_NXTHDR(&raw, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
      message.descriptors.emplace_back(fd);
    }
  }
  return message;
}

std::optional<std::string> read_sealed(int file) {
  struct stat status {};
  // To read another kind of file could take for ever; one that is not sealed could change meanwhile.
  const int seals = fcntl(file, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || fstat(file, &status) != 0) return std::nullopt;
  if (status.st_size <= 0 || static_cast<uint64_t>(status.st_size) > kMostRequestBytes) return std::nullopt;
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (count <= 0) return std::nullopt;
    done += static_cast<size_t>(count);
  }
  return bytes.back() == '\0' ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace

int send_command(int socket, const ViaCommand& command) {
  const std::string bytes = packed(command);
  if (bytes.size() > kMostRequestBytes) return E2BIG;
  const Fd file = sealed(bytes);
  if (!file) return errno;
  ViaRequest request{.signal_mask = command.signal_mask,
                     .argument_count = static_cast<uint32_t>(command.argv.size()),
                     .umask = command.umask};
  std::vector<int> sent{file.get()};
  for (size_t i = 0; i < command.descriptors.size() && i < kMostDescriptors; ++i) {
    if (command.descriptors[i] < 0) continue;
    request.open |= 1u << i;
    sent.push_back(command.descriptors[i]);
  }
  iovec part{&request, sizeof request};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostSent)] = {};
  const size_t size = sent.size() * sizeof(int);
  msghdr raw{};
  raw.msg_iov = &part;
  raw.msg_iovlen = 1;
  raw.msg_control = control;
  raw.msg_controllen = CMSG_SPACE(size);
  cmsghdr* head = CMSG_FIRSTHDR(&raw);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(head), sent.data(), size);
  ssize_t count = 0;
  do count = sendmsg(socket, &raw, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  return count < 0 ? errno : 0;
}

Result<ReceivedCommand> receive_command(int socket) {
  Message message = receive_message(socket);
  if (message.size < 0) return system_error("receive a request", errno);
  const ViaRequest& request = message.request;
  if (message.size == 0) return no_request("nothing was said");
  const bool has_name = message.size >= static_cast<ssize_t>(sizeof request.magic) &&
                        ((request.magic ^ ViaRequest::kMagic) & ~ViaRequest::kVersionMask) == 0;
  if (!has_name) return no_request("it does not begin as one");
  if (request.magic != ViaRequest::kMagic) return no_request("another version's");
  if (message.size != sizeof request) return no_request("it has another length");
  if (message.is_cut) return no_request("descriptors were lost on the way: this process can have no more");
  const unsigned open = request.open & ((1u << kMostDescriptors) - 1);
  if (open != request.open || message.descriptors.size() != 1 + static_cast<size_t>(__builtin_popcount(open)))
    return no_request("it does not have the descriptors it tells of");
  const std::optional<std::string> bytes = read_sealed(message.descriptors.front().get());
  if (!bytes) return no_request("its memory is not sealed, or over 2 MiB");
  ReceivedCommand received;
  received.command.signal_mask = request.signal_mask;
  received.command.umask = request.umask & 0777;
  std::vector<std::string> words;
  for (size_t at = 0; at < bytes->size(); at += words.back().size() + 1) words.emplace_back(bytes->c_str() + at);
  if (request.argument_count == 0 || request.argument_count > words.size() - 1)
    return no_request("there is no command");
  const auto arguments = words.begin() + 1, environment = arguments + request.argument_count;
  received.command.directory = std::move(words.front());
  received.command.argv.assign(arguments, environment);
  received.command.environment.assign(environment, words.end());
  size_t next = 1;
  for (unsigned number = 0; number < kMostDescriptors && open >> number != 0; ++number)
    received.command.descriptors.push_back((open >> number & 1) != 0 ? message.descriptors[next++].get() : -1);
  received.owned = std::move(message.descriptors);
  return received;
}

}  // namespace cordon::cli
